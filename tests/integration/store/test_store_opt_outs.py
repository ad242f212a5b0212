"""A no that comes while an import gives its customer another address."""

import threading

from makers import NOW, make_customer
from sqlalchemy import Engine, select, update

from outreach.store.engine import reading, writing
from outreach.store.opt_outs import OptOut, opt_out
from outreach.store.tables import customers, refusals


def test_a_no_holds_for_the_address_its_message_went_to_also_when_an_import_moves_it(
    postgres_engine: Engine,
) -> None:
    engine = postgres_engine
    with writing(engine) as conn:
        anna = make_customer(conn, "anna", email="old@example.com")

    def say_no() -> None:
        no = OptOut(anna, "email", "greetings", "old@example.com", "one_click", "")
        with writing(engine) as conn:
            opt_out(conn, [no], NOW)

    saying = threading.Thread(target=say_no)
    with writing(engine) as conn:
        conn.execute(
            update(customers).where(customers.c.id == anna).values(email="new@example.com")
        )
        saying.start()
        saying.join(0.5)
        waits = saying.is_alive()
    saying.join(20)

    with reading(engine) as conn:
        held = set(conn.execute(select(refusals.c.address)).scalars())
    assert waits
    assert held == {"old@example.com", "new@example.com"}
