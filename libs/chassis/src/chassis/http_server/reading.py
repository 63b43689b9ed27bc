"""Flow control that pauses reading while pipelined bytes are buffered."""

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl

from chassis.http_server.connection_policy import ByteBudget, Share


class HeldReading(FlowControl):
    """uvicorn's flow control; reading stays paused while bytes are buffered, and after `stop`."""

    def __init__(self, transport: asyncio.Transport, budget: ByteBudget) -> None:
        super().__init__(transport)
        self.data, self.start = b"", 0
        """The buffered bytes, and the offset of the first unparsed one."""
        self._share = Share(budget)
        self._paused_for_good = False

    def hold(self, data: bytes, start: int) -> bool:
        """Buffer bytes and pause reading; return False if the budget is exhausted."""
        if not self._share.take(len(data)):
            return False
        self.data, self.start = data, start
        self.pause_reading()
        return True

    def taken(self, end: int) -> None:
        """Record the offset of the first unparsed byte; resume reading after the last one."""
        self.start = end
        if end == len(self.data):
            self.drop()
            self.resume_reading()

    def drop(self) -> None:
        """Drop the buffered bytes."""
        self.data = b""
        self._share.give_back()

    def stop(self) -> None:
        """Stop reading for good."""
        self._paused_for_good = True
        self.pause_reading()

    def discard(self) -> None:
        """Resume reading, to discard incoming bytes."""
        self._paused_for_good = False
        self.drop()
        self.resume_reading()

    def resume_reading(self) -> None:
        """Resume reading unless bytes are buffered or reading has stopped."""
        if not self.data and not self._paused_for_good:
            super().resume_reading()
