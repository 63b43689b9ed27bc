"""The story's requests: sent exactly once, from where the platform reaches its Services."""

from suitectl.http import Http, Reply, Request, Sender

__all__ = ["Http", "Reply", "Request", "Sender"]
