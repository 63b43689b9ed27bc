"""Pods: containers as processes, with probes, volumes and logs."""
