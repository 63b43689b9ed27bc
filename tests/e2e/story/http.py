"""The story's requests: sent exactly once, from where the platform reaches its Services."""

from suitectl.agent import NO_ANSWER, Http, Reply, Request, new_client, send
from suitectl.http import Sender

__all__ = ["NO_ANSWER", "Http", "Reply", "Request", "Sender", "new_client", "send"]
