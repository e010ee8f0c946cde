"""`make lab`, `make lab-servers` and `make lab-down`."""

from infra.mistakes import Mistakes
from infra.settings import REGION
from local import stack_file
from local.commands import color, say, shown, take_down
from local.engine import Engine
from local.folder import StackFolder
from local.lab.place import STACK, lab_folder, lab_ports
from local.lab.servers import KINDS, LabServers, Ports, kept
from local.machine.cloud import machine
from local.machine.emulator import Emulator
from local.machine.supervisor import Supervisor
from local.preflight import unusable_ports
from local.stack_settings import settings_of


def up(_: str) -> None:
    """Bring stack lab up on this machine, beside stack local or without it."""
    lab_up(lab_folder(), lab_ports())
    say.print("\n[bold green]The lab is up.[/] Say to your shell where it is:\n")
    say.print("  source .backlog/lab/environment && export PATH=$PWD/.venv/bin:$PATH\n", markup=False)
    say.print("then send in one terminal, and receive in another:\n")
    say.print("  queue-lab --name csse6400_prac --client-name alice", markup=False)
    say.print("  queue-lab --name csse6400_prac --client-name bob --receive\n", markup=False)
    say.print("docs/tutorial/ goes on from here; make lab-servers | make lab-demo | make lab-down", markup=False)


def servers(names: str) -> None:
    """Start RabbitMQ, Valkey and Kafka beside the lab, or those of them that are named."""
    kinds = names.replace(",", " ").split() or list(KINDS)
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise Mistakes(*(f"there is no server {kind!r}; there are {', '.join(KINDS)}" for kind in unknown))
    variables = lab_servers(lab_folder(), lab_ports(), kinds)
    say.print("[bold green]They run.[/] Their URLs are in your shell after `source .backlog/lab/environment`:")
    say.print(f"  {', '.join(name for name in variables if name.endswith('_URL'))}", markup=False)


def down(_: str) -> None:
    """Take the lab down, and what runs beside it, and leave nothing."""
    folder = lab_folder()
    if not folder.root.exists():
        say.print("The lab is not up.")
        return
    lab_down(folder, lab_ports())
    say.print("[bold green]The lab is down:[/] no process, port or file of it is left.")


COMMANDS = {"lab": up, "lab-servers": servers, "lab-down": down}


def lab_up(folder: StackFolder, ports: Ports) -> None:
    """Bring it up in a folder, and write there how its clients find it."""
    file = stack_file.read(STACK)
    region = settings_of(file).region
    if found := list(unusable_ports({"the lab's AWS": ports.aws}, folder)):
        raise Mistakes(*found)
    with folder.locked():
        supervisor = Supervisor(folder)
        supervisor.sweep()
        with Engine(STACK, folder, machine(folder, aws_port=ports.aws, region=region)).opened() as stack:
            outputs = stack.up(refresh=True, on_output=shown, color=color()).outputs
        aws = Emulator(supervisor, ports.aws, region).agent_environment()
        kept(folder, aws | {"TOPIC": str(outputs["topic"].value)})


def lab_servers(folder: StackFolder, ports: Ports, kinds: list[str]) -> dict[str, str]:
    """Start servers in a folder, and write there where they are."""
    with folder.locked():
        Supervisor(folder).sweep()
        variables = LabServers(folder, ports).started(kinds)
        kept(folder, variables)
    return variables


def lab_down(folder: StackFolder, ports: Ports) -> None:
    """Take down all that runs in a folder, and remove it."""
    with folder.locked():
        engine = Engine(STACK, folder, config_folder=folder.project)
        if engine.exists():
            region = str((engine.settings().get("config") or {}).get(REGION))
            engine.cloud = machine(folder, aws_port=ports.aws, region=region)
        take_down(engine, folder)
