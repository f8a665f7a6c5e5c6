"""The command `postroom`. It begins with what has to be imported, and has done nothing until then."""

from engine.interrupts import end


def main() -> None:
    end()
    from engine.cli import main as begin

    begin()


if __name__ == "__main__":
    main()
