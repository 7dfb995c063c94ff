"""Options that take lists: given twice, they are both lists together, in every command."""

import click
import pytest

from t2ibench.cli import group
from t2ibench.cli.options import ListOption, NameList, NumberList, list_option


def commands(command, context):
    """Every command of the tool, groups opened."""
    if not isinstance(command, click.Group):
        return [command]
    return [
        found
        for name in command.list_commands(context)
        for found in commands(command.get_command(context, name), context)
    ]


def test_every_option_of_names_joins_what_is_given_twice():
    import t2ibench.cli.list  # noqa: F401  # which must not hide the built-in `list` from the group

    context = click.Context(group)
    options = [
        (command.name, option)
        for command in commands(group, context)
        for option in command.params
        if isinstance(option, click.Option) and isinstance(option.type, NameList)
    ]
    # `data prepare --cache` may stand alone, which an option given several times cannot.
    alone = [(command, option.name) for command, option in options if not isinstance(option, ListOption)]
    assert alone == [("prepare", "resolutions")]
    assert len(options) > 10
    assert "leaderboard" in group.get_help(context)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ((), None, ())),
        (["--names", "a, b,", "--names", "c"], (("a", "b", "c"), None, ())),
        (["--default", "", "--numbers", "3"], ((), (), (3,))),
        (["--default", "x", "--numbers", "1", "--numbers", "2,1"], ((), ("x",), (1, 2, 1))),
    ],
)
def test_lists_are_joined_and_an_option_not_given_is_its_default(given, expected):
    @click.command()
    @list_option("--names")
    @list_option("--default", default=None)
    @list_option("--numbers", type=NumberList("0,1"))
    def command(**found):
        return tuple(found[name] for name in ("names", "default", "numbers"))

    assert command(given, standalone_mode=False) == expected
