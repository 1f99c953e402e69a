"""Data Docs: the recorded audits as static pages that load nothing, from here or from elsewhere."""

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from ingestion.lake.durable import write_atomically
from ingestion.lake.report import AuditReport, Check, recorded

KEEP_PAGES = 50


def build_data_docs(docs_dir: Path, *, keep_pages: int = KEEP_PAGES) -> Path:
    """Build an index and a page for each of the newest reports; return the index.

    Pages of older reports are taken away. Each page carries its style and is readable offline.
    """
    reports = recorded(docs_dir / "reports")[:keep_pages]
    pages = docs_dir / "pages"
    pages.mkdir(parents=True, exist_ok=True)
    templates = _templates()
    for report in reports:
        page = pages / f"{report.audit_id}.html"
        if not page.exists():
            write_atomically(page, templates.get_template("report.html").render(report=report).encode())
    index = pages / "index.html"
    write_atomically(index, templates.get_template("index.html").render(reports=reports).encode())
    _remove_others(pages, {index.name, *(f"{report.audit_id}.html" for report in reports)})
    return index


def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("ingestion.lake"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(mark=_mark, verdict=_verdict, tone=_tone)
    return environment


def _remove_others(pages: Path, kept: set[str]) -> None:
    for page in pages.iterdir():
        if page.name not in kept:
            page.unlink(missing_ok=True)


def _verdict(report: AuditReport) -> str:
    if not report.passed:
        return "failed"
    return "passed with warnings" if report.failures else "passed"


def _mark(report: AuditReport) -> str:
    return {"failed": "failed", "passed": "passed", "passed with warnings": "warning"}[_verdict(report)]


def _tone(check: Check) -> str:
    if check.outcome == "passed":
        return "passed"
    return "warning" if check.severity == "warning" else check.outcome
