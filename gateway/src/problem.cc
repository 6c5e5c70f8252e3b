#include "problem.h"

#include <boost/json.hpp>

#include "text.h"

namespace laurel::gateway::internal {

namespace json = boost::json;
using runtime::ErrorCode;

namespace {

std::string_view title_of(int status) {
  switch (status) {
    case 400:
      return "Bad request";
    case 404:
      return "Not found";
    case 405:
      return "Method not allowed";
    case 408:
      return "Request timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content too large";
    case 415:
      return "Unsupported media type";
    case 429:
      return "Too many requests";
    case 431:
      return "Request header fields too large";
    case 503:
      return "Service unavailable";
    default:
      return "Internal error";
  }
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidInput:
      return 400;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kOverloaded:
    case ErrorCode::kUnavailable:
    case ErrorCode::kStoreFailed:
    case ErrorCode::kFenced:
    case ErrorCode::kOutcomeUnknown:
      return 503;
    case ErrorCode::kConfigInvalid:
    case ErrorCode::kDataDirInUse:
    case ErrorCode::kDataDirForeign:
    case ErrorCode::kDataLost:
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

}  // namespace

Reply problem(const Problem& problem) {
  Reply reply;
  reply.status = problem.status;
  reply.content_type = "application/problem+json";
  json::object body;
  body["type"] = "urn:laurel:error:" + std::string(problem.code);
  body["title"] = title_of(problem.status);
  body["status"] = problem.status;
  body["code"] = problem.code;
  body["detail"] = to_utf8(problem.detail);
  if (problem.status == 503 || problem.status == 429) {
    reply.retry_after_s = 1;
    body["retry_after"] = 1;
  }
  reply.body = json::serialize(body);
  return reply;
}

Reply problem(const runtime::Error& error) {
  return problem(Problem{status_of(error.code), runtime::name_of(error.code), error.message});
}

Reply bad_request(std::string detail) {
  return problem(Problem{400, runtime::name_of(ErrorCode::kInvalidInput), std::move(detail)});
}

Reply not_found(std::string detail) {
  return problem(Problem{404, runtime::name_of(ErrorCode::kNotFound), std::move(detail)});
}

Reply too_large(std::string detail) {
  return problem(Problem{413, "content-too-large", std::move(detail)});
}

}  // namespace laurel::gateway::internal
