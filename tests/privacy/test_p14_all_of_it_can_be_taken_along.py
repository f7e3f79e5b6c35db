"""P14: one archive that programs can read holds all that is kept of an account, every table and every report."""

from __future__ import annotations

import io
import json
import zipfile

from support.account_site import Browser, linked, somebody, upload
from support.every_table import fill, rows_of
from uptrack_account.service import Service
from uptrack_account.store import ACCOUNT_TABLES


async def test_the_archive_has_every_row_and_column_of_every_table_and_every_report_byte_for_byte(
    service: Service, browser: Browser
) -> None:
    ada = await somebody(service)
    await browser.sign_in()
    machine, sent = await linked(browser), upload()
    assert (await machine.ask("PUT", f"/v1/reports/{'a' * 16}", sent.model_dump_json().encode())).status == 201
    await fill(service, ada)
    answer = await browser.get("/account/data.zip")
    assert answer.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        tables = json.loads(archive.read("account.json"))["tables"]
        assert archive.read(f"reports/{'a' * 16}.json").decode() == sent.document
        assert len([name for name in archive.namelist() if name.startswith("reports/")]) == len(tables["reports"])
    assert {name: len(rows) for name, rows in tables.items() if name != "accounts"} == await rows_of(service, ada)
    for table in ACCOUNT_TABLES:
        assert set(tables[table.name][0]) == set(table.columns.keys()), table.name
