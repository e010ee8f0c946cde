"""The provider that Pulumi's engine attaches to: checks, diffs and synthesises; `local.machine` makes things real."""
