"""The logs of all pods in one stream, filtered, for people and programs."""
