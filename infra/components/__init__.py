"""One component a file; each file opens with what it creates."""
