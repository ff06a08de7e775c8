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

Name = Annotated[str | None, typer.Argument(help="the campaign (default: the only one, or the only unfinished one)")]
Database = Annotated[Path | None, typer.Option("--db", help="the database (default: campaign.db)")]
Config = Annotated[Path | None, typer.Option("--config", help="the settings file (default: campaign.toml, if there)")]
Simulated = Annotated[bool, typer.Option("--simulate", help="look among the simulated campaigns only")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask")]
Speed = Annotated[
    float, typer.Option("--speed", min=1, max=3600, help="with --simulate: time passes so many times faster")
]
RunSpeed = Annotated[
    str | None,
    typer.Option(
        "--speed",
        help="with --simulate: so many times faster, or “max”: a rehearsal, of which nothing is kept",
        show_default="60",
    ),
]
Town = Annotated[Path | None, typer.Option("--town", help="with --simulate: how phones behave, what goes wrong")]

PhoneColumn = Annotated[
    str, typer.Option("--phone-column", help="the column's name; its place (1, 2, …) if there is no header")
]
Encoding = Annotated[str, typer.Option("--encoding", help="such as cp1252 (default: recognised)")]
SheetName = Annotated[str, typer.Option("--sheet", help="the sheet of a workbook (default: the only one)")]
Multiline = Annotated[bool, typer.Option("--multiline", help="cells may go on over several lines")]


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
    leads: Annotated[Path, typer.Argument(help="a list: CSV, Excel, Parquet; “-” reads a pipe")],
    name: Annotated[str | None, typer.Option("--name", help="the campaign's name (default: the file's)")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="call so many leads, then pause")] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="no account needed, nobody is called")] = False,
    speed: RunSpeed = None,
    town: Town = None,
    yes: Yes = False,
    again: Annotated[bool, typer.Option("--again", help="call them, though another campaign has this file")] = False,
    accept_rejects: Annotated[
        bool, typer.Option("--accept-rejects", help="load the list, however many of its lines cannot be called")
    ] = False,
    phone_column: PhoneColumn = "",
    encoding: Encoding = "",
    sheet: SheetName = "",
    multiline: Multiline = False,
    config: Config = None,
    db: Database = None,
) -> None:
    """Load a list, call everybody on it, and write the report; or go on with it.

    Shows the list and how long it will take, and asks before the first call. Ctrl-C stops safely; the same command, or
    campaign resume, goes on.

    Example: campaign run leads.csv --simulate
    """
    from campaign.cli.run import run_list, simulation_of
    from campaign.intake.form import Form

    run_list(
        leads, Form(phone_column, encoding, sheet, multiline), name, limit,
        simulation=simulation_of(simulate, speed, town), yes=yes, again=again,
        accept_rejects=accept_rejects, config=config, db=db,
    )  # fmt: skip


@app.command()
def check(
    leads: Annotated[Path, typer.Argument(help="a list: CSV, Excel, Parquet")],
    name: Annotated[str | None, typer.Option("--name", help="the campaign it would be (default: the file's)")] = None,
    json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    phone_column: PhoneColumn = "",
    encoding: Encoding = "",
    sheet: SheetName = "",
    multiline: Multiline = False,
    config: Config = None,
    db: Database = None,
) -> None:
    """Look at a list before running it: the column, the first lines as read, rejects and why, how many calls, how long.

    Calls nobody and writes nothing. Exit 2 if it would not be loaded.

    Example: campaign check leads.csv
    """
    from campaign.cli.check import check_list
    from campaign.intake.form import Form

    form = Form(phone_column, encoding, sheet, multiline)
    check_list(leads, form, name, as_json=json, config=config, db=db)


@app.command()
def add(
    leads: Annotated[Path, typer.Argument(help="a list like that of run")],
    name: Name = None,
    yes: Yes = False,
    again: Annotated[bool, typer.Option("--again", help="call them, though another campaign has this file")] = False,
    accept_rejects: Annotated[
        bool, typer.Option("--accept-rejects", help="load the list, however many of its lines cannot be called")
    ] = False,
    phone_column: PhoneColumn = "",
    encoding: Encoding = "",
    sheet: SheetName = "",
    multiline: Multiline = False,
    simulate: Simulated = False,
    config: Config = None,
    db: Database = None,
) -> None:
    """Add a list to a campaign, also while it runs: who is new is called, who is known keeps what happened so far.

    Example: campaign add more.csv leads
    """
    from campaign.cli.add import add_list
    from campaign.intake.form import Form

    add_list(
        leads, Form(phone_column, encoding, sheet, multiline), name,
        simulate=simulate, yes=yes, again=again, accept_rejects=accept_rejects, config=config, db=db,
    )  # fmt: skip


@app.command()
def unload(
    file: Annotated[Path, typer.Argument(help="a list of whom not to call: the one that was loaded, or any other")],
    name: Name = None,
    yes: Yes = False,
    phone_column: PhoneColumn = "",
    encoding: Encoding = "",
    sheet: SheetName = "",
    multiline: Multiline = False,
    simulate: Simulated = False,
    config: Config = None,
    db: Database = None,
) -> None:
    """Take the people of a list out of a campaign, also while it runs: who was not called yet will not be.

    Example: campaign unload more.csv leads
    """
    from campaign.cli.unload import unload_list
    from campaign.intake.form import Form

    form = Form(phone_column, encoding, sheet, multiline)
    unload_list(file, form, name, simulate=simulate, yes=yes, config=config, db=db)


@app.command()
def resume(
    name: Name = None,
    all_: Annotated[bool, typer.Option("--all", help="every campaign of the database that is not over")] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="call so many leads, then pause")] = None,
    simulate: Simulated = False,
    speed: Speed = 60,
    town: Town = None,
    config: Config = None,
    db: Database = None,
) -> None:
    """Go on with an interrupted or paused campaign, or with all; on a finished one, fill in late prices.

    Example: campaign resume leads
    """
    if all_:
        from campaign.cli.together import resume_all

        resume_all(name, limit, simulate=simulate, speed=speed, town=town, config=config, db=db)
    from campaign.cli.run import resume_campaign

    resume_campaign(name, limit, simulate=simulate, speed=speed, town=town, config=config, db=db)


@app.command()
def call(
    number: Annotated[list[str], typer.Argument(help="a phone number, in any spelling")],
    simulate: Annotated[bool, typer.Option("--simulate", help="no account needed, nobody is called")] = False,
    speed: Speed = 60,
    town: Town = None,
    yes: Yes = False,
    config: Config = None,
    db: Database = None,
) -> None:
    """One test call, outside the reports: what was asked for, what came back, and how its end was learnt.

    It obeys the calling hours and every limit. Now or not at all: what holds it back is said.

    Example: campaign call 98123 00001
    """
    from campaign.cli.call import call_number

    call_number(" ".join(number), simulate=simulate, speed=speed, town=town, yes=yes, config=config, db=db)


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


unknown = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Calls in doubt: list them, settle them.")
app.add_typer(unknown, name="unknown")


@unknown.command("list")
def unknown_list(name: Name = None, simulate: Simulated = False, config: Config = None, db: Database = None) -> None:
    """The calls nobody knows the fate of: number, when, from which caller id, where to look, when it settles by itself.

    Example: campaign unknown list leads
    """
    from campaign.cli.unknown import show

    show(name, simulate=simulate, config=config, db=db)


@unknown.command("resolve")
def unknown_resolve(
    attempt: Annotated[str, typer.Argument(help="as unknown list names it; its first letters will do")],
    reason: Annotated[str, typer.Option("--reason", help="how you know; it is kept")],
    placed: Annotated[str, typer.Option("--placed", metavar="SID", help="it was placed: this is the call")] = "",
    not_placed: Annotated[
        bool, typer.Option("--not-placed", help="it was certainly not placed: the person may be called again")
    ] = False,
    write_off: Annotated[
        bool, typer.Option("--write-off", help="nobody will ever know: the person is not called again")
    ] = False,
    name: Annotated[str | None, typer.Option("--name", help="the campaign, where there are several")] = None,
    simulate: Simulated = False,
    config: Config = None,
    db: Database = None,
) -> None:
    """Settle a call in doubt by what you found out. It cannot be taken back.

    Example: campaign unknown resolve 3f9a21 --not-placed --reason "not in Exotel's call list"
    """
    from campaign.cli.unknown import Finding, resolve

    found = Finding(reason=reason, placed=placed, not_placed=not_placed, write_off=write_off)
    resolve(attempt, found, name=name, simulate=simulate, config=config, db=db)


@app.command()
def verify(
    name: Name = None,
    provider: Annotated[bool, typer.Option("--provider", help="also against the provider's own list of calls")] = False,
    simulate: Simulated = False,
    config: Config = None,
    db: Database = None,
) -> None:
    """Prove the totals and limits from the database, all campaigns unless one is named. Exit 1 if any is broken.

    Example: campaign verify leads --provider
    """
    from campaign.cli.verify import verify_campaigns

    verify_campaigns(name, provider=provider, simulate=simulate, config=config, db=db)


@app.command()
def explain(
    number: Annotated[list[str], typer.Argument(help="a phone number, in any spelling")],
    simulate: Simulated = False,
    config: Config = None,
    db: Database = None,
) -> None:
    """The story of one number: what happened and why, why nothing happens now, what happens next and when.

    Example: campaign explain 98123 00001
    """
    from campaign.cli.explain import tell_story

    tell_story(" ".join(number), simulate=simulate, config=config, db=db)


@app.command()
def simulate(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: a free one")] = 8790,
    town: Annotated[
        Path | None, typer.Option("--town", help="how phones behave, what goes wrong: samples/town.toml")
    ] = None,
    log: Annotated[Path | None, typer.Option("--log", help="where it notes every request (JSON lines)")] = None,
    speed: Annotated[float, typer.Option("--speed", min=1, max=3600, help="time passes so many times faster")] = 1,
    control: Annotated[bool, typer.Option("--control", help="change what goes wrong, at /_control/faults")] = False,
) -> None:
    """Be Exotel on this machine: a server of its own for trying things out. Nobody is called.

    Example: campaign simulate --port 8790 --town samples/town.toml
    """
    from campaign.cli.simulate import serve

    serve(port, town, log, speed, control=control)
