"""One table of resource types: what AWS computes for each, and what it refuses."""

from local.resources import access, containers, data_stores, messaging, network, observability, traffic
from local.resources.operations import OPERATIONS
from local.resources.table import TABLE, Resource, ResourceType

__all__ = ["OPERATIONS", "TABLE", "Resource", "ResourceType"]

_MODULES = (access, containers, data_stores, messaging, network, observability, traffic)
