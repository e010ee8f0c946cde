"""What a change does to a stack, said so that it can be trusted: the review of a Pulumi preview."""
