"""The control socket between the verbs and the engine, and the state directory it lies in."""
