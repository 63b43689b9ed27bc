"""Reading from a connection, paused while it holds bytes that it may not parse yet."""

from uvicorn.protocols.http.flow_control import FlowControl


class HeldReading(FlowControl):
    """uvicorn's flow control; nobody resumes reading while bytes are held."""

    held = False

    def hold(self) -> None:
        """Pause until `release`."""
        self.held = True
        self.pause_reading()

    def release(self) -> None:
        """Read on."""
        self.held = False
        self.resume_reading()

    def resume_reading(self) -> None:
        """Read on, where nothing is held."""
        if not self.held:
            super().resume_reading()
