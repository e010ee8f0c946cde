"""The embedded cloud: a Pulumi provider for this project's resource types, and what it starts on one machine."""
