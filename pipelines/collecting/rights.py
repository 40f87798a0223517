"""Options for sources whose rights only the person knows who has the text."""

from __future__ import annotations

import argparse

from pipelines.collecting.source import CollectError, Source


def add_rights(parser: argparse.ArgumentParser) -> None:
    """Options for sources whose rights only the person knows who has the text."""
    parser.add_argument("--licence", default="", metavar="SPDX", help="of the text; none declared if left out")
    parser.add_argument("--attribution", default="", metavar="TEXT", help="who must be named")
    parser.add_argument(
        "--redistributable", action="store_true", help="the licence lets the text be passed on; needs --licence"
    )


def take_rights(source: Source) -> None:
    """Put the options of `add_rights` on a source. Raises CollectError for a right without a licence."""
    options = source.options
    if options.redistributable and not options.licence:
        raise CollectError("--redistributable: under which licence? Give --licence as well, such as CC-BY-4.0")
    source.licence = options.licence or source.licence
    source.attribution = options.attribution or source.attribution
    source.redistributable = options.redistributable or source.redistributable
