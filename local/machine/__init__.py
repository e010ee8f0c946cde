"""What the embedded cloud starts on this machine: emulated AWS, PostgreSQL, and tasks as supervised processes."""
