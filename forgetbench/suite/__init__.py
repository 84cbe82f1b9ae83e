"""The suite: what one YAML file says, checked and typed."""
