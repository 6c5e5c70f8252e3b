/// What all verbs share: where the node is and how to print.
#pragma once

#include <cstdio>
#include <string>

#include <boost/json.hpp>

#include "failure.h"
#include "http_client.h"
#include "laurel/console/console.h"

namespace laurel::console {

struct Common {
  std::string server = "http://127.0.0.1:7400";
  std::string ca_file;   ///< PEM: who may vouch for an https server; empty: the system's
  std::string data_dir;  ///< a stopped node's directory, served for the time of the verb
  bool json = false;
};

/// The reply's JSON. Throws Failure: no node, or what the node's problem says.
boost::json::value fetch(HttpClient& client, const std::string& target);
boost::json::value parse_reply(const HttpReply& reply);
/// A member as text, whether the node sent text or a number; empty when absent.
std::string text_of(const boost::json::value& object, std::string_view member);

/// Who does something by hand, for the topic audit: `by`, or the user's name.
std::string who(const std::string& by = {});

}  // namespace laurel::console
