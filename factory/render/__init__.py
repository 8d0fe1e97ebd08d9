"""Formats what a run found for people: pull request, report, terminal. Renderers only format; they decide nothing."""
