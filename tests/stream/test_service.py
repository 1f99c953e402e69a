"""The service from outside: what goes in comes out once, whatever happens to its processes."""

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from ingestion.errors import Stop
from ingestion.telemetry.metrics import CATALOGUE
from tests.stream.service import (
    Products,
    Service,
    World,
    feed,
    feed_rubbish,
    has_done,
    is_gone,
    products,
    running,
    wait_until,
)

FED = 240
SOME = 20


def each_once(count: int) -> Products:
    urls = Counter(f"http://publisher.example/{number}" for number in range(count))
    return Products(lake=urls, indexed=urls, ledger={"new": count}, open_documents=0)


def wait_for_some(service: Service) -> None:
    wait_until(lambda: sum(service.metric("news_records_total").values()) >= SOME, "the first records")


def test_articles_flow_to_the_lake_and_the_index_and_into_the_ledger(world: World) -> None:
    with running(world) as service:
        wait_until(service.ready, "ready")
        feed(world, range(60))
        wait_until(lambda: has_done(world, 60), "60 articles")
        feed(world, range(60, 100))
        wait_until(lambda: has_done(world, 100), "40 more")
        code = service.end()

    assert products(world) == each_once(100)
    assert code == 0


def test_two_shares_divide_the_work_and_do_nothing_twice(world: World) -> None:
    with running(world, "--processes", "2") as service:
        wait_until(service.ready, "ready")
        feed(world, range(FED))
        wait_until(lambda: has_done(world, FED), "all articles")
        names = set(service.workers())
        code = service.end()

    assert {"transform.0", "transform.1", "index.1", "store.1", "account.0", "watch.0"} <= names
    assert products(world) == each_once(FED)
    assert code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_in_the_middle_it_loses_and_doubles_nothing(world: World, number: int) -> None:
    feed(world, range(FED))
    with running(world) as service:
        wait_for_some(service)
        service.process.send_signal(number)
        code = service.process.wait(120)
    after_the_first = products(world)
    with running(world) as service:
        wait_until(lambda: has_done(world, FED), "the rest")
        service.end()

    assert code == 0
    assert set(after_the_first.lake.values()) <= {1}
    assert products(world) == each_once(FED)


def test_a_killed_worker_is_started_again_and_goes_on(world: World) -> None:
    feed(world, range(FED))
    with running(world) as service:
        wait_for_some(service)
        killed = {name: pid for name, pid in service.workers().items() if name != "watch.0"}
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: has_done(world, FED), "all articles")
        wait_until(service.ready, "ready again")
        restarts = service.metric("news_worker_restarts_total")
        code = service.end()

    assert {f'worker="{name}"' for name in killed} <= set(restarts)
    assert products(world) == each_once(FED)
    assert code == 0


def test_workers_end_with_a_killed_supervisor_and_the_next_one_goes_on(world: World) -> None:
    feed(world, range(FED))
    with running(world) as service:
        wait_for_some(service)
        workers = service.workers()
        service.process.kill()
        for name, pid in workers.items():
            wait_until(lambda gone=pid: is_gone(gone), f"the end of {name}")  # type: ignore[misc]
    with running(world) as service:
        wait_until(lambda: has_done(world, FED), "the rest")
        code = service.end()

    assert products(world) == each_once(FED)
    assert code == 0


def test_a_newer_service_in_the_same_slot_ends_the_older_one(world: World) -> None:
    with running(world) as older:
        wait_until(older.ready, "ready")
        with running(world) as newer:
            wait_until(newer.ready, "the newer one ready")
            feed(world, range(FED))
            wait_until(lambda: older.process.poll() is not None, "the end of the older one")
            wait_until(lambda: has_done(world, FED), "all articles")
            code = newer.end()
        said = older.said

    assert older.process.returncode == 1
    assert "news: Fenced: " in said
    assert products(world) == each_once(FED)
    assert code == 0


def test_it_is_ready_once_every_worker_has_joined_and_not_when_one_is_gone(embedded: World) -> None:
    with running(embedded) as service:
        early = service.reasons()
        wait_until(service.ready, "ready")
        os.kill(service.workers()["index.0"], signal.SIGKILL)
        wait_until(lambda: not service.ready(), "not ready")
        late = service.reasons()
        alive, _ = service.ask("health/live")
        wait_until(service.ready, "ready again")

    assert {"transform.0", "store.0", "index.0"} <= set(early)
    assert list(late) == ["index.0"]
    assert alive == 200


def test_it_serves_every_metric_of_the_catalogue_and_no_other(embedded: World) -> None:
    with running(embedded) as service:
        feed(embedded, range(40))
        wait_until(lambda: has_done(embedded, 40), "40 articles")
        wait_until(lambda: bool(service.metric("news_lag_records")), "lags")
        page = service.ask("metrics")[1]
        outcomes = service.metric("news_outcomes_total")
        fresh = service.metric("news_freshness_seconds_count")
        ages = service.metric("news_unread_age_seconds")

    typed = {line.split()[2]: line.split()[3] for line in page.splitlines() if line.startswith("# TYPE")}
    assert typed == {name: str(metric.kind) for name, metric in CATALOGUE.items()}
    assert outcomes == {'outcome="new",reason="",stage="transform"': 40}
    assert fresh == {"": 40}
    assert set(ages) == {
        'group="transform",topic="news.raw"',
        'group="store",topic="news.articles"',
        'group="index",topic="news.articles"',
        'group="account",topic="news.outcomes"',
    }


def test_there_is_nothing_else_to_be_asked(embedded: World) -> None:
    with running(embedded, "--jobs", "account") as service:
        status, _ = service.ask("etc")

    assert status == 404


@pytest.mark.parametrize(
    ("arguments", "changes", "message"),
    [
        ([], {"NEWS_STATE": "nonsense://x"}, "NEWS_STATE"),
        ([], {"NEWS_BROKER": "nonsense:x"}, "NEWS_BROKER"),
        (["--jobs", "collect"], {}, "--jobs collect: choose from transform,store,index,account"),
        ([], {"NEWS_STREAM__HOST": "203.0.113.1"}, "NEWS_STREAM__HOST=203.0.113.1"),
    ],
)
def test_what_is_wrongly_set_ends_it_with_a_message(
    embedded: World, arguments: list[str], changes: dict[str, str], message: str
) -> None:
    with running(embedded, *arguments, **changes) as service:
        code = service.process.wait(120)
        said = service.said

    assert code == 2
    assert "news: ConfigurationError: " in said
    assert message in said
    assert "Traceback" not in said


def test_too_many_rejections_end_it_with_a_message(embedded: World) -> None:
    feed_rubbish(embedded, 300)
    with running(embedded, NEWS_BATCH_RECORDS="500") as service:
        code = service.process.wait(120)
        said = service.said

    assert code == 1
    assert "news: TooManyRejections: 300 of 300 documents were rejected" in said


def test_a_service_that_does_not_answer_is_tried_again_for_ever(embedded: World) -> None:
    embedded.data.mkdir(parents=True)
    (embedded.data / "lake").write_text("a file where a folder belongs")
    with running(embedded) as service:
        wait_until(lambda: bool(service.metric("news_faults_total")), "a fault")
        feed(embedded, range(20))
        wait_until(lambda: any("store" in labels for labels in service.metric("news_faults_total")), "store")
        Path(embedded.data / "lake").unlink()
        wait_until(lambda: has_done(embedded, 20), "20 articles")
        code = service.end()

    assert products(embedded) == each_once(20)
    assert code == 0


def test_the_lake_is_compacted_now_and_then(embedded: World) -> None:
    with running(embedded, NEWS_STREAM__COMPACT_SECONDS="1") as service:
        feed(embedded, range(60))
        wait_until(lambda: has_done(embedded, 60), "60 articles")
        wait_until(lambda: bool(service.metric("news_compactions_total").get('result="done"')), "compaction")

    assert products(embedded) == each_once(60)


def test_a_second_signal_ends_it_at_once(embedded: World) -> None:
    with running(embedded, NEWS_STREAM__GRACE_SECONDS="3600") as service:
        wait_until(service.ready, "ready")
        os.kill(service.workers()["watch.0"], signal.SIGSTOP)
        service.process.send_signal(signal.SIGINT)
        wait_until(lambda: "supervisor" in service.reasons(), "the end begins")
        code = service.end()

    assert code == 1


def test_a_worker_that_waits_long_between_batches_stays_ready(embedded: World) -> None:
    silence = {"NEWS_STREAM__LIVENESS_SECONDS": "8", "NEWS_STREAM__WATCH_SECONDS": "3600"}
    with running(embedded, **silence, NEWS_STREAM__STORE_SECONDS="3600") as service:
        wait_until(service.ready, "ready")
        time.sleep(20)
        reasons = service.reasons()

    assert reasons == {}


def test_a_worker_that_does_not_finish_is_killed_and_that_is_said(embedded: World) -> None:
    with running(embedded, NEWS_STREAM__GRACE_SECONDS="1") as service:
        wait_until(service.ready, "ready")
        os.kill(service.workers()["watch.0"], signal.SIGSTOP)
        code = service.end()
        said = service.said

    assert code == 1
    assert f"news: {Stop.__name__}: " in said
    assert "watch.0 did not end in time" in said
