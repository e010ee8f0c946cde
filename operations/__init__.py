"""What one does with a stack that is up: one command a file, the same for AWS and for stack `local`."""
