"""P13: one page shows all that is kept of an account, of every table that can hold something of it."""

from __future__ import annotations

from support.account_site import ANOTHER, BOB, Browser, somebody
from support.every_table import fill
from uptrack_account.people import export
from uptrack_account.service import Service
from uptrack_account.store import ACCOUNT_TABLES


async def test_the_page_shows_every_row_and_column_of_every_table_and_of_nobody_else(
    service: Service, browser: Browser
) -> None:
    ada, bob = await somebody(service), await somebody(service, BOB, ANOTHER)
    await browser.sign_in()
    await fill(service, ada)
    await fill(service, bob)
    page = (await browser.get("/account/data")).text
    for table in ACCOUNT_TABLES:
        assert f'<h2 id="t-{table.name}">{table.name}</h2>' in page
        for column in table.columns:
            assert f'<th scope="col">{column.name}</th>' in page, f"{table.name}.{column.name}"
    shown = (await export.document(service.database, ada))["tables"]
    told = {str(value) for rows in shown.values() for row in rows for value in row.values()}
    assert [value for value in told if len(value) > 8 and "&" not in value and value not in page] == []
    assert BOB not in page
    assert bob not in page
