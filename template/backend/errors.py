"""Every rule that can be broken, and the one place that turns it into the contract's Error. Knows no feature."""

from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from backend.generated.models import Error, ErrorCode


class Refused(Exception):
    """`detail` is one sentence for people; `field` is the part of the request that was refused."""

    status: int
    error_code: ErrorCode
    detail: str

    def __init__(
        self, detail: str | None = None, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.detail = detail or self.detail
        self.field, self.headers = field, headers
        super().__init__(self.detail)


class MalformedRequest(Refused):
    status, error_code, detail = 400, ErrorCode.MALFORMED_REQUEST, "The body is not JSON in UTF-8."


class Unauthenticated(Refused):
    status, error_code, detail = 401, ErrorCode.UNAUTHENTICATED, "Sign in first."


class ForbiddenOrigin(Refused):
    status, error_code, detail = (
        403,
        ErrorCode.FORBIDDEN_ORIGIN,
        "Only a page of this site may change something.",
    )


class NotFound(Refused):
    status, error_code, detail = 404, ErrorCode.NOT_FOUND, "There is no such thing here."


class MethodNotAllowed(Refused):
    status, error_code, detail = 405, ErrorCode.METHOD_NOT_ALLOWED, "This address does not take that method."


class VersionConflict(Refused):
    status, error_code, detail = 412, ErrorCode.VERSION_CONFLICT, "This was changed in the meantime. Load it again."


class PayloadTooLarge(Refused):
    status, error_code, detail = 413, ErrorCode.PAYLOAD_TOO_LARGE, "The body is larger than 64 KiB."


class UnsupportedMediaType(Refused):
    status, error_code, detail = 415, ErrorCode.UNSUPPORTED_MEDIA_TYPE, "Send the body as application/json."


class ValidationError(Refused):
    status, error_code, detail = 422, ErrorCode.VALIDATION_ERROR, "A value is not valid."


class PreconditionRequired(Refused):
    status, error_code, detail = 428, ErrorCode.PRECONDITION_REQUIRED, "Send If-Match with the ETag you last saw."


class RateLimited(Refused):
    status, error_code, detail = 429, ErrorCode.RATE_LIMITED, "Too many failed attempts. Try again later."

    def __init__(self, seconds: int) -> None:
        super().__init__(headers={"Retry-After": str(seconds)})


class InternalError(Refused):
    status, error_code, detail = 500, ErrorCode.INTERNAL_ERROR, "The server failed. Try again, or tell its operator."


class NotReady(Refused):
    status, error_code, detail = 503, ErrorCode.NOT_READY, "The database cannot be used yet."


def answer(refused: Refused) -> Response:
    error = Error(detail=refused.detail, error_code=refused.error_code, field=refused.field)
    return Response(error.model_dump_json(exclude_none=True), refused.status, refused.headers, "application/json")


def install(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    async def rule(_request: Request, refused: Refused) -> Response:
        return answer(refused)

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            return answer(MethodNotAllowed(headers={"Allow": ", ".join(allowed_methods(request))}))
        return answer(NotFound() if error.status_code == 404 else InternalError())

    @app.exception_handler(RequestValidationError)
    async def model(_request: Request, error: RequestValidationError) -> Response:
        """The contract took what the generated model refuses."""
        return answer(ValidationError(field=str(error.errors()[0]["loc"][-1])))

    @app.exception_handler(Exception)
    async def failure(_request: Request, _error: Exception) -> Response:
        return answer(InternalError())  # the server logs the traceback


def allowed_methods(request: Request) -> list[str]:
    """Of all routes at this path; the router itself would name those of the first one only."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in routes for method in getattr(route, "methods", ())}) or ["GET", "HEAD"]
