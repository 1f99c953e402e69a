"""The web application. It does not listen by itself: the command line runs it, Airflow may mount it."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import HTTPException
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware import Middleware

from ingestion.article import Article
from ingestion.errors import Unavailable
from ingestion.search.query import Facet, Mistake, Query, Searcher
from ingestion.web import labels
from ingestion.web.address import as_json_facets, question, safe_url
from ingestion.web.headers import SecurityHeaders
from ingestion.web.status import Status
from ingestion.web.views import Copies, blocks, copies, of_group, results

HERE = Path(__file__).parent
LOG = logging.getLogger(__name__)
UNAVAILABLE = "The index does not answer at the moment. Nothing is lost; try again shortly."
PAGE_FACETS = (*labels.FACETS, Facet.DAY)


def create_app(searcher: Searcher, status: Callable[[], Status] | None = None) -> FastAPI:
    """Make the application over an index and, where there is one, a way to tell the status."""
    app = FastAPI(
        title="News search",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        middleware=[Middleware(SecurityHeaders)],
    )
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    pages = _Pages(searcher, status)
    app.get("/", name="search")(pages.search)
    app.get("/articles/{article_id}", name="article")(pages.article)
    app.get("/status", name="status")(pages.status)
    app.get("/api/search", name="api_search")(pages.api_search)
    app.get("/api/articles/{article_id}", name="api_article")(pages.api_article)
    app.get("/healthz", name="health")(pages.health)
    app.add_exception_handler(StarletteHTTPException, pages.refused)
    app.add_exception_handler(Unavailable, pages.unavailable)
    return app


class _Pages:
    """The answers to requests; plain functions, so that each runs in a thread of its own."""

    def __init__(self, searcher: Searcher, status: Callable[[], Status] | None) -> None:
        self._searcher = searcher
        self._status = status
        self._templates = Jinja2Templates(directory=HERE / "templates")
        self._templates.env.globals.update(
            path=_path, safe_url=safe_url, labels=labels, Facet=Facet, has_status=status is not None
        )
        self._templates.env.trim_blocks = self._templates.env.lstrip_blocks = True

    def search(self, request: Request) -> Response:
        query = question(request.query_params, facets=PAGE_FACETS)
        if isinstance(query, Mistake):
            said = {"mistake": query.message, "typed": request.query_params.get("q", "")}
            return self._page(request, "search.html", HTTPStatus.BAD_REQUEST, **said)
        found = results(query, self._searcher.search(query))
        return self._page(request, "search.html", HTTPStatus.OK, results=found, typed=query.text)

    def article(self, request: Request, article_id: str) -> Response:
        article = self._found(article_id)
        said = {"article": article, "blocks": blocks(article), "copies": self._copies(article)}
        return self._page(request, "article.html", HTTPStatus.OK, **said)

    def status(self, request: Request) -> Response:
        if self._status is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "This index is served without the pipeline’s books.")
        return self._page(request, "status.html", HTTPStatus.OK, status=self._status())

    def api_search(self, request: Request) -> Response:
        asked = request.query_params.getlist("facet")
        if unknown := set(asked) - set(Facet):
            raise HTTPException(HTTPStatus.BAD_REQUEST, f"There is no facet {', '.join(sorted(unknown))}.")
        query = question(request.query_params, facets=[Facet(name) for name in asked])
        if isinstance(query, Mistake):
            raise HTTPException(HTTPStatus.BAD_REQUEST, query.message)
        return _json(self._api_page(query))

    def _api_page(self, query: Query) -> Mapping[str, Any]:
        page = self._searcher.search(query)
        return {
            "total": page.total,
            "hits": page.hits,
            "facets": as_json_facets(page.facets),
            "next_cursor": page.next_cursor.encode() if page.next_cursor else None,
            "took_seconds": round(page.took_seconds, 6),
        }

    def api_article(self, article_id: str) -> Response:
        return _json(self._found(article_id))

    def health(self) -> Response:
        return _json({"status": "ok", "articles": self._searcher.count()})

    def refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException)
        return self._failure(request, HTTPStatus(error.status_code), error.detail)

    def unavailable(self, request: Request, error: Exception) -> Response:
        LOG.warning("index_unavailable", exc_info=error)
        return self._failure(request, HTTPStatus.SERVICE_UNAVAILABLE, UNAVAILABLE)

    def _failure(self, request: Request, code: HTTPStatus, message: str) -> Response:
        if _path_of(request).startswith(("/api/", "/healthz")):
            return _json({"error": message}, code)
        return self._page(request, "failure.html", code, code=code, message=message)

    def _found(self, article_id: str) -> Article:
        article = self._searcher.get(article_id)
        if article is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no article with this id in the index.")
        return article

    def _copies(self, article: Article) -> Copies | None:
        if article.syndication is None:
            return None
        return copies(article, self._searcher.search(of_group(article.syndication.group_id)))

    def _page(self, request: Request, template: str, status_code: HTTPStatus, **values: Any) -> Response:
        return self._templates.TemplateResponse(request, template, values, status_code=status_code)


def _json(value: object, code: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(msgspec.json.encode(value), code, media_type="application/json")


def _path(request: Request, name: str, **params: str) -> str:
    """The path of a page, below wherever the application is mounted."""
    quoted = {key: quote(value, safe="") for key, value in params.items()}
    return f"{request.scope.get('root_path', '')}{request.app.url_path_for(name, **quoted)}"


def _path_of(request: Request) -> str:
    path: str = request.scope["path"]
    return path.removeprefix(request.scope.get("root_path", ""))
