"""The queue practical on the command line: `queue-lab --help`."""
