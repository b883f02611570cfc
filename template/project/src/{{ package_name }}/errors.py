"""Errors that a person can mend; the command line prints their message and exits with 1."""


class ProjectError(Exception):
    """Something outside the code is wrong; the message says what, where and the next step."""


class ConfigError(ProjectError):
    """A setting in params.yaml is missing, unknown or out of range."""


class DataError(ProjectError):
    """The data does not fit its schema, or cannot be read."""


class BundleError(ProjectError):
    """A saved model is missing, incomplete or cannot be loaded."""
