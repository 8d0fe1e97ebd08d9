"""The workflow runner of the simulator: what GitHub Actions does with events, workflow files, jobs and steps."""
