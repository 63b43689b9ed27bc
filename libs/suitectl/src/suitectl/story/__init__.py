"""The story of the suite: each chapter shown to people and checked, on any platform."""
