/// The verbs that only read.
#pragma once

#include <functional>
#include <string>

#include "arguments.h"

namespace laurel::console {

struct TopicArguments {
  std::string name;
  bool follow = false;
  std::function<void(const boost::json::value& record)> table = nullptr;
};

/// {"units": "-1234", "scale": 2} as -12.34
std::string decimal_of(const boost::json::value& amount);

int show_status(HttpClient& client, const Common& common);
int show_player(HttpClient& client, const Common& common, const std::string& player);
int show_ledger(HttpClient& client, const Common& common, const std::string& player);
int show_actor(HttpClient& client, const Common& common, const std::string& id);
int export_balances(HttpClient& client, const Common& common);
int read_topic(HttpClient& client, const Common& common, const TopicArguments& arguments);
int list_dead_letters(HttpClient& client, const Common& common);

}  // namespace laurel::console
