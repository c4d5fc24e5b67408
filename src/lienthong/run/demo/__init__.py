"""A small country on one machine: the axis, a ministry, a province, and one document's journey."""

from lienthong.run.demo.command import main

__all__ = ["main"]
