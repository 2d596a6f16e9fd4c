"""Qdrant's REST API for tests, over the local mode of its Python client: not the Qdrant server, but the same semantics by the same people.

Every request is held against the types that the client ships, which are generated from Qdrant's published OpenAPI: a field that is not there, a
value of another type or an unknown query parameter is refused as the server refuses it, `{"status": {"error": ...}}`. One lock serves one
request after the other. What is written is in the directory when it is acknowledged, so a front that is killed and started again has it all.
What local mode does not keep (quantization, HNSW, payload indexes) is kept beside it and reported back; it has no effect here.
"""

import argparse
import json
import os
import re
import signal
import sys
import threading
import time
import warnings
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from typing import Any, Annotated, Callable, NamedTuple, Optional
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from qdrant_client import QdrantClient
from qdrant_client.http import models

VERSION = version("qdrant-client")
BODY_BYTES_MAX = 32 * 1024 * 1024  # as the server's `max_request_size_mb`


class Refused(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class Ordering(Enum):
    WEAK = "weak"
    MEDIUM = "medium"
    STRONG = "strong"


class Query(BaseModel, extra="forbid"):
    """Query parameters arrive as text, so they are read leniently; an unknown one is refused all the same."""


class TimeoutQuery(Query):
    timeout: Optional[Annotated[int, Field(ge=1)]] = None


class ReadQuery(TimeoutQuery):
    consistency: Optional[str] = None


class WriteQuery(TimeoutQuery):
    wait: bool = False
    ordering: Optional[Ordering] = None


class Store:
    """Local mode, and beside it what local mode forgets."""

    def __init__(self, directory: str):
        self.client = QdrantClient(path=os.path.join(directory, "local"), force_disable_check_same_thread=True)
        self.sidecar_path = os.path.join(directory, "sidecar.json")
        self.sidecar: dict[str, dict[str, Any]] = {}
        if os.path.exists(self.sidecar_path):
            with open(self.sidecar_path, encoding="utf-8") as file:
                self.sidecar = json.load(file)
        for name in self.local.collections:
            self.relax(name)

    @property
    def local(self) -> Any:
        return self.client._client

    def relax(self, name: str) -> None:
        """Local mode commits every point for itself. What the system holds outlives a killed process, and more is not asked of a test."""
        storage = self.local.collections[name].storage
        if storage is not None:
            storage.storage.execute("PRAGMA synchronous = OFF")
            storage.storage.execute("PRAGMA journal_mode = MEMORY")

    def save(self) -> None:
        part = self.sidecar_path + ".part"
        with open(part, "w", encoding="utf-8") as file:
            json.dump(self.sidecar, file)
        os.replace(part, self.sidecar_path)

    def require(self, name: str) -> None:
        if name not in self.local.collections:
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")

    def close(self) -> None:
        self.client.close()


def plain(value: Any) -> Any:
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def check_ids(ids: list[Any]) -> None:
    for point_id in ids:
        if isinstance(point_id, int) and point_id >= 0:
            continue
        try:
            UUID(str(point_id))
        except ValueError:
            raise Refused(
                400, f"value {point_id} is not a valid point ID, valid values are either an unsigned integer or a UUID"
            ) from None


def list_collections(store: Store, name: str, body: Any) -> Any:
    return {"collections": [{"name": each} for each in store.local.collections]}


def get_collection(store: Store, name: str, body: Any) -> Any:
    store.require(name)
    info = plain(store.client.get_collection(name))
    kept = store.sidecar[name]
    info["payload_schema"] = {
        field: {"data_type": schema if isinstance(schema, str) else schema["type"], "params": schema, "points": 0}
        for field, schema in kept["payload_schema"].items()
    }
    config = kept["config"]
    info["config"]["quantization_config"] = config.get("quantization_config")
    info["config"]["hnsw_config"].update(config.get("hnsw_config") or {})
    return info


def create_collection(store: Store, name: str, body: models.CreateCollection) -> Any:
    if name in store.local.collections:
        raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
    config = plain(body)
    store.client.create_collection(
        name, vectors_config=body.vectors, sparse_vectors_config=body.sparse_vectors, metadata=body.metadata
    )
    store.relax(name)
    store.sidecar[name] = {"config": {k: v for k, v in config.items() if v is not None}, "payload_schema": {}}
    store.save()
    return True


def update_collection(store: Store, name: str, body: models.UpdateCollection) -> Any:
    store.require(name)
    changes = {k: v for k, v in plain(body).items() if v is not None}
    if set(changes) - {"quantization_config", "hnsw_config", "metadata"}:
        raise Refused(501, f"The front keeps no changes of {', '.join(changes)}.")
    if changes.get("quantization_config") == "Disabled":
        changes["quantization_config"] = None
    if "metadata" in changes:
        store.client.update_collection(name, metadata=changes["metadata"])
    store.sidecar[name]["config"].update(changes)
    store.save()
    return True


def delete_collection(store: Store, name: str, body: Any) -> Any:
    existed = store.client.delete_collection(name)
    store.sidecar.pop(name, None)
    store.save()
    return existed


def create_index(store: Store, name: str, body: models.CreateFieldIndex) -> Any:
    store.require(name)
    if body.field_schema is None:
        raise Refused(400, "Wrong input: the front does not infer the schema of a field; name it.")
    store.sidecar[name]["payload_schema"][body.field_name] = plain(body.field_schema)
    store.save()
    return {"operation_id": 0, "status": "completed"}


def upsert(store: Store, name: str, body: models.PointsList) -> Any:
    store.require(name)
    check_ids([point.id for point in body.points])
    store.client.upsert(name, points=body.points)
    return {"operation_id": 0, "status": "completed"}


def delete_points(store: Store, name: str, body: Any) -> Any:
    store.require(name)
    if isinstance(body, models.PointIdsList):
        check_ids(body.points)
        store.client.delete(name, points_selector=body)
    else:
        store.client.delete(name, points_selector=models.FilterSelector(filter=body.filter))
    return {"operation_id": 0, "status": "completed"}


def get_points(store: Store, name: str, body: models.PointRequest) -> Any:
    store.require(name)
    check_ids(body.ids)
    found = store.client.retrieve(name, body.ids, with_payload=body.with_payload, with_vectors=body.with_vector or False)
    return [plain(point) for point in found]


def scroll(store: Store, name: str, body: models.ScrollRequest) -> Any:
    store.require(name)
    points, offset = store.client.scroll(
        name,
        scroll_filter=body.filter,
        limit=10 if body.limit is None else body.limit,
        offset=body.offset,
        order_by=body.order_by,
        with_payload=True if body.with_payload is None else body.with_payload,
        with_vectors=body.with_vector or False,
    )
    return {"points": [plain(point) for point in points], "next_page_offset": offset}


def count(store: Store, name: str, body: models.CountRequest) -> Any:
    store.require(name)
    return {"count": store.client.count(name, count_filter=body.filter).count}


def query_one(store: Store, name: str, body: models.QueryRequest) -> Any:
    return query_batch(store, name, models.QueryRequestBatch(searches=[body]))[0]


def query_batch(store: Store, name: str, body: models.QueryRequestBatch) -> Any:
    store.require(name)
    return [plain(response) for response in store.client.query_batch_points(name, requests=body.searches)]


class Route(NamedTuple):
    method: str
    pattern: re.Pattern[str]
    body: Any
    query: type[Query]
    is_write: bool
    run: Callable[[Store, str, Any], Any]


COLLECTION = "/collections/([^/]+)"


def route(method: str, pattern: str, body: Any, query: type[Query], is_write: bool, run: Any) -> Route:
    return Route(method, re.compile(pattern + "/?"), None if body is None else TypeAdapter(body), query, is_write, run)


ROUTES = [
    route("GET", "/collections", None, Query, False, list_collections),
    route("GET", COLLECTION, None, Query, False, get_collection),
    route("PUT", COLLECTION, models.CreateCollection, TimeoutQuery, True, create_collection),
    route("PATCH", COLLECTION, models.UpdateCollection, TimeoutQuery, True, update_collection),
    route("DELETE", COLLECTION, None, TimeoutQuery, True, delete_collection),
    route("PUT", f"{COLLECTION}/index", models.CreateFieldIndex, WriteQuery, True, create_index),
    route("PUT", f"{COLLECTION}/points", models.PointsList, WriteQuery, True, upsert),
    route("POST", f"{COLLECTION}/points", models.PointRequest, ReadQuery, False, get_points),
    route("POST", f"{COLLECTION}/points/delete", models.PointsSelector, WriteQuery, True, delete_points),
    route("POST", f"{COLLECTION}/points/scroll", models.ScrollRequest, ReadQuery, False, scroll),
    route("POST", f"{COLLECTION}/points/count", models.CountRequest, ReadQuery, False, count),
    route("POST", f"{COLLECTION}/points/query", models.QueryRequest, ReadQuery, False, query_one),
    route("POST", f"{COLLECTION}/points/query/batch", models.QueryRequestBatch, ReadQuery, False, query_batch),
]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    store: Store
    lock: threading.Lock
    api_key: Optional[str]
    is_read_only: bool

    def answer(self) -> None:
        began = time.perf_counter()
        length = int(self.headers.get("content-length") or 0)
        try:
            if length > BODY_BYTES_MAX:
                self.close_connection = True
                raise Refused(413, "Payload too large")
            body = self.rfile.read(length)
            if self.command == "GET" and self.path in ("/", "/healthz", "/readyz"):
                return self.send(200, {"title": "A front over qdrant-client, not Qdrant", "version": VERSION})
            result = self.handle_request(body)
            self.send(200, {"result": result, "status": "ok", "time": time.perf_counter() - began})
        except Refused as refused:
            self.send(refused.status, {"status": {"error": str(refused)}, "time": time.perf_counter() - began})
        except ValidationError as error:
            said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:8])
            self.send(400, {"status": {"error": f"Format error in the request: {said}"}, "time": 0.0})
        except (ValueError, NotImplementedError) as error:
            self.send(400, {"status": {"error": f"Wrong input: {error}"}, "time": 0.0})
        except OSError as error:
            self.send(500, {"status": {"error": f"Service internal error: {error}"}, "time": 0.0})

    def handle_request(self, body: bytes) -> Any:
        address = urlsplit(self.path)
        if self.api_key is not None and self.headers.get("api-key") != self.api_key:
            raise Refused(401, "Must provide an API key or an Authorization bearer token")
        for each in ROUTES:
            matched = each.pattern.fullmatch(address.path) if each.method == self.command else None
            if matched is None:
                continue
            if self.is_read_only and each.is_write:
                raise Refused(403, "Forbidden: Global manage access is required")
            each.query.model_validate_strings(dict(parse_qsl(address.query, keep_blank_values=True)))
            parsed = None
            if each.body is not None:
                parsed = each.body.validate_json(body, strict=True, extra="forbid")
            elif body:
                raise Refused(400, "Format error in JSON body: there should be none")
            name = unquote(matched.group(1)) if matched.groups() else ""
            with self.lock:
                return each.run(self.store, name, parsed)
        raise Refused(404, f"Not found: {self.command} {address.path}")

    def send(self, status: int, content: Any) -> None:
        data = json.dumps(content, allow_nan=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = answer

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is nobody's trouble."""
        if not isinstance(sys.exc_info()[1], (BrokenPipeError, ConnectionResetError)):
            super().handle_error(request, client_address)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api-key")
    parser.add_argument("--read-only", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    Handler.store = Store(options.directory)
    Handler.lock = threading.Lock()
    Handler.api_key = options.api_key
    Handler.is_read_only = options.read_only
    server = Server(("127.0.0.1", options.port), Handler)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"Qdrant's front listens on 127.0.0.1:{options.port}", flush=True)
    stop.wait()
    server.shutdown()
    with Handler.lock:
        Handler.store.close()


if __name__ == "__main__":
    main()
