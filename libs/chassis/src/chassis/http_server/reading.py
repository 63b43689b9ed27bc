"""Reading from a connection, paused while it holds bytes that may not be parsed yet."""

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl

from chassis.http_server.connection_policy import ByteBudget, Share


class HeldReading(FlowControl):
    """uvicorn's flow control; nobody resumes reading while bytes are held, or after `stop`."""

    def __init__(self, transport: asyncio.Transport, budget: ByteBudget) -> None:
        super().__init__(transport)
        self.data, self.start = b"", 0
        """The bytes that are held, and where those begin that were not taken yet."""
        self._share = Share(budget)
        self._paused_for_good = False

    def hold(self, data: bytes, start: int) -> bool:
        """Keep bytes and read no more; False, with nothing kept, where the budget has no room."""
        if not self._share.take(len(data)):
            return False
        self.data, self.start = data, start
        self.pause_reading()
        return True

    def taken(self, end: int) -> None:
        """Note how far the held bytes were taken; read on behind their last."""
        self.start = end
        if end == len(self.data):
            self.drop()
            self.resume_reading()

    def drop(self) -> None:
        """Forget what is held."""
        self.data = b""
        self._share.give_back()

    def stop(self) -> None:
        """Read no more."""
        self._paused_for_good = True
        self.pause_reading()

    def throw_away(self) -> None:
        """Read on, for somebody who wants nothing of it."""
        self._paused_for_good = False
        self.drop()
        self.resume_reading()

    def resume_reading(self) -> None:
        """Read on, where nothing is held."""
        if not self.data and not self._paused_for_good:
            super().resume_reading()
