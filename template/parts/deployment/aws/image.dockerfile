# Fargate gives a volume the rights that its folder has here; without this, only root writes to it.
VOLUME /tmp
