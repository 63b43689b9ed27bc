"""Reports of checkers on manifests and Dockerfile, compared with documented explanations."""
