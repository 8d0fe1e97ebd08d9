"""What every job needs, imported once by the server that jobs are forked from."""

import gc

import github
import pydantic
import pytest

import factory.app
import factory.edits.merge
import factory.handover.arrival
import factory.handover.bundle
import factory.jobs.answer
import factory.jobs.close
import factory.jobs.gate
import factory.jobs.open
import factory.jobs.post
import factory.jobs.publish
import factory.jobs.remember
import factory.jobs.route
import factory.jobs.send
import factory.jobs.ship
import factory.jobs.watch
import factory.stages.deliver
import tests.soak.processes

__all__ = ["factory", "github", "pydantic", "pytest", "tests"]
gc.freeze()  # what the forks share stays shared
