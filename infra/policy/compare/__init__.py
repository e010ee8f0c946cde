"""This pack beside other lists of what may not be deployed, and an independent scanner over the same stacks."""
