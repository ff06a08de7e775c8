"""The command line: every command with its help. What a command needs is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="Call every number of a list through Exotel, at the account's pace, and never twice by accident.\n\n"
    "Start with: campaign run LEADS.csv --simulate (nobody is called), then campaign init.",
)

Name = Annotated[str | None, typer.Argument(help="the campaign; may be left out where only one is meant")]
Database = Annotated[Path | None, typer.Option("--db", help="the database (default: campaign.db)")]
Config = Annotated[Path | None, typer.Option("--config", help="the settings file (default: campaign.toml, if there)")]
Simulated = Annotated[bool, typer.Option("--simulate", help="a simulated campaign")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]
Speed = Annotated[float, typer.Option("--speed", min=1, max=3600, help="with --simulate: time passes so much faster")]
Town = Annotated[Path | None, typer.Option("--town", help="with --simulate: how the phones behave (samples/town.toml)")]


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(help="where to write them")] = Path(),
) -> None:
    """Write campaign.toml and a private .env beside it, explained, to be filled in.

    Example: campaign init
    """
    from campaign.cli.init import write

    write(directory)


@app.command()
def run(
    leads: Annotated[Path, typer.Argument(help="a CSV list, UTF-8, with a phone column")],
    name: Annotated[str | None, typer.Option("--name", help="the campaign's name (default: the file's)")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="call so many leads, then pause")] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="no account needed, nobody is called")] = False,
    speed: Speed = 60,
    town: Town = None,
    yes: Yes = False,
    again: Annotated[bool, typer.Option("--again", help="though another campaign has this very file")] = False,
    config: Config = None,
    db: Database = None,
) -> None:
    """Load a list, call everybody on it, and write the report; or go on with it.

    Shows the list and how long it will take, and asks before the first call. Ctrl-C stops safely; the same command, or
    campaign resume, goes on.

    Example: campaign run leads.csv --simulate
    """
    from campaign.cli.run import run_list

    run_list(leads, name, limit, simulate=simulate, speed=speed, town=town, yes=yes, again=again, config=config, db=db)


@app.command()
def resume(
    name: Name = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="call so many leads, then pause")] = None,
    simulate: Simulated = False,
    speed: Speed = 60,
    town: Town = None,
    config: Config = None,
    db: Database = None,
) -> None:
    """Go on with an interrupted or paused campaign; on a finished one, fill in late prices.

    Example: campaign resume leads
    """
    from campaign.cli.run import resume_campaign

    resume_campaign(name, limit, simulate=simulate, speed=speed, town=town, config=config, db=db)


@app.command()
def pause(name: Name = None, simulate: Simulated = False, config: Config = None, db: Database = None) -> None:
    """Stop calling until campaign resume. When this returns, no call leaves any more.

    Example: campaign pause leads
    """
    from campaign.cli.control import pause_campaign

    pause_campaign(name, simulate=simulate, config=config, db=db)


@app.command()
def stop(
    name: Name = None, simulate: Simulated = False, yes: Yes = False, config: Config = None, db: Database = None
) -> None:
    """End a campaign for good: whoever was not called yet will not be.

    Example: campaign stop leads
    """
    from campaign.cli.control import stop_campaign

    stop_campaign(name, simulate=simulate, yes=yes, config=config, db=db)


@app.command()
def status(
    name: Name = None,
    json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    simulate: Simulated = False,
    config: Config = None,
    db: Database = None,
) -> None:
    """How a campaign stands: answered, left, what the waiting wait for, whether anybody is running it.

    Example: campaign status leads --json
    """
    from campaign.cli.status import show_status

    show_status(name, as_json=json, simulate=simulate, config=config, db=db)


@app.command("list")
def list_(config: Config = None, db: Database = None) -> None:
    """All campaigns of the database, the simulated ones too.

    Example: campaign list
    """
    from campaign.cli.status import show_list

    show_list(config=config, db=db)


@app.command()
def report(
    name: Name = None,
    out: Annotated[Path | None, typer.Option("--out", help="the folder (default: reports/NAME)")] = None,
    simulate: Simulated = False,
    config: Config = None,
    db: Database = None,
) -> None:
    """Write leads.csv, attempts.csv, rejects.csv and summary.json; also while the campaign runs.

    Example: campaign report leads --out reports/today
    """
    from campaign.cli.report import write_report

    write_report(name, out, simulate=simulate, config=config, db=db)


@app.command()
def simulate(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: a free one")] = 8790,
    town: Annotated[Path | None, typer.Option("--town", help="how the phones behave (samples/town.toml)")] = None,
    log: Annotated[Path | None, typer.Option("--log", help="where it notes every request (JSON lines)")] = None,
    speed: Annotated[float, typer.Option("--speed", min=1, max=3600, help="time passes so much faster")] = 1,
    control: Annotated[bool, typer.Option("--control", help="faults can be changed at /_control/faults")] = False,
) -> None:
    """Be Exotel on this machine: a server of its own for trying things out. Nobody is called.

    Example: campaign simulate --port 8790 --town samples/town.toml
    """
    from campaign.cli.simulate import serve

    serve(port, town, log, speed, control=control)
