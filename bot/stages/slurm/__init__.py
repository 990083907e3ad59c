"""A project on the cluster: what lives there, what is handed over, how it ends."""
