#include "laurel/console/console.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "backfills.h"
#include "catalog.h"
#include "ingest.h"
#include "inputs.h"
#include "reads.h"
#include "tournaments.h"
#include "verify.h"

namespace laurel::console {
namespace {

struct Verb {
  std::string name;
  std::string help;
};

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> all = {
      {"status", "what the node is doing"},
      {"ingest", "wagers of files into the node"},
      {"backfill", "list, close, drop: past events that wait for more"},
      {"input", "list, accept-loss: the topics of Kafka that are read"},
      {"player", "show or ledger: one player's points and why"},
      {"actor", "show: the state of any actor"},
      {"dead-letters", "list: what was refused and why"},
      {"catalog", "list, show, publish or diff: versions of the reference documents"},
      {"topic", "read: records of an output topic, as CloudEvents"},
      {"tournament", "list, show or standings: tournaments, their runs and boards"},
      {"export", "balances or standings: a line per player"},
      {"verify", "recompute every ledger, score, rank and board"},
  };
  return all;
}

void add_common(CLI::App& app, Common& common, bool reads) {
  app.add_flag("--json", common.json, "Machine-readable output");
  auto* server = app.add_option("--server", common.server,
                                "Where the node listens, http or https; else LAUREL_SERVER")
                     ->capture_default_str();
  app.add_option("--ca", common.ca_file, "PEM file with the CA of an https node; else LAUREL_CA");
  if (reads) {
    app.add_option("--data", common.data_dir, "Data directory of a stopped node, instead")
        ->excludes(server);
  }
}

struct Arguments {
  Common common;
  IngestArguments ingest;
  BackfillArguments backfill;
  InputArguments input;
  TopicArguments topic;
  CatalogArguments catalog;
  TournamentArguments tournament;
  std::string player, actor;
};

using Run = std::function<int(HttpClient&)>;

CLI::App* sub(CLI::App& app, const char* name, const char* help, Common& common) {
  CLI::App* verb = app.add_subcommand(name, help);
  add_common(*verb, common, true);
  return verb;
}

void describe_backfills(CLI::App& app, Arguments& arguments, Run& run) {
  CLI::App* backfill =
      app.add_subcommand("backfill", "Past events that wait for more")->require_subcommand(1);
  CLI::App* list = backfill->add_subcommand("list", "Open ones, and the last that were finished");
  add_common(*list, arguments.common, false);
  list->callback([&run, &arguments] {
    run = [&arguments](HttpClient& client) { return list_backfills(client, arguments.common); };
  });
  for (const bool drop : {false, true}) {
    CLI::App* verb = backfill->add_subcommand(
        drop ? "drop" : "close", drop ? "Forget its events" : "Apply its events, in their order");
    add_common(*verb, arguments.common, false);
    verb->add_option("ID|NAME", arguments.backfill.which)->required();
    verb->add_flag("--wait", arguments.backfill.wait, "Return when nothing is left to do");
    verb->add_option("--reason", arguments.backfill.reason, "Why; kept in the topic audit");
    verb->add_option("--by", arguments.backfill.by, "Who says so; default: $USER");
    verb->callback([&run, &arguments, drop] {
      arguments.backfill.drop = drop;
      run = [&arguments](HttpClient& client) {
        return finish_backfill(client, arguments.common, arguments.backfill);
      };
    });
  }
}

void describe_inputs(CLI::App& app, Arguments& arguments, Run& run) {
  CLI::App* input =
      app.add_subcommand("input", "The topics of Kafka that are read")->require_subcommand(1);
  CLI::App* list = input->add_subcommand("list", "How far each is read, and what is halted");
  add_common(*list, arguments.common, false);
  list->callback([&run, &arguments] {
    run = [&arguments](HttpClient& client) { return list_inputs(client, arguments.common); };
  });
  CLI::App* accept = input->add_subcommand(
      "accept-loss", "What a halted one has lost is lost: go on with its first record");
  add_common(*accept, arguments.common, false);
  accept->add_option("TOPIC", arguments.input.topic)->required();
  accept->add_option("PARTITION", arguments.input.partition)->required();
  accept->add_option("--reason", arguments.input.reason, "Why; kept in the topic audit")
      ->required();
  accept->add_option("--by", arguments.input.by, "Who says so; default: $USER");
  accept->callback([&run, &arguments] {
    run = [&arguments](HttpClient& client) {
      return accept_loss(client, arguments.common, arguments.input);
    };
  });
}

void describe_ingest(CLI::App& app, Arguments& arguments, Run& run) {
  IngestArguments& ingested = arguments.ingest;
  CLI::App* feed = app.add_subcommand("ingest", "Wagers of files into the node");
  add_common(*feed, arguments.common, false);
  feed->add_option("FILE", ingested.files, "CSV or NDJSON, plain or gzip; - is standard input")
      ->required();
  feed->add_option("--map", ingested.mapping_file, "How its columns become events (TOML)")
      ->required();
  feed->add_option("--format", ingested.format, "Default: by the file's name")
      ->check(CLI::IsMember({"csv", "ndjson"}));
  feed->add_option("--retry", ingested.retry_s, "Seconds to wait for a node that is away")
      ->capture_default_str();
  auto* name = feed->add_option("--backfill", ingested.backfill,
                                "Name of the backfill to feed; default: the first file's");
  auto* open = feed->add_flag("--leave-open", ingested.leave_open,
                              "Keep the backfill open for more; nothing is applied yet");
  auto* sorted = feed->add_flag("--sorted", ingested.sorted,
                                "Apply in the order of the files; one out of order is rejected");
  feed->add_flag("--live", ingested.live, "Apply as if it happened now, in any order")
      ->excludes(name)
      ->excludes(open)
      ->excludes(sorted);
  feed->add_flag("--wait,!--no-wait", ingested.wait, "Return when all is applied (default)");
  feed->callback([&run, &arguments] {
    run = [&arguments](HttpClient& client) {
      return ingest(client, arguments.common, arguments.ingest);
    };
  });
}

void describe_catalog(CLI::App& app, Arguments& arguments, Run& run) {
  CLI::App* catalog =
      app.add_subcommand("catalog", "Versions of the reference documents")->require_subcommand(1);
  catalog->footer(
      "Without a node: laurel catalog validate DIR, laurel catalog schema DOCUMENT.\n"
      "A VERSION is a number, newest, or current: in force now.");
  Common& common = arguments.common;
  CatalogArguments& given = arguments.catalog;
  const auto runs = [&](CLI::App* verb,
                        int (*what)(HttpClient&, const Common&, const CatalogArguments&)) {
    verb->callback([&run, &arguments, what] {
      run = [&arguments, what](HttpClient& client) {
        return what(client, arguments.common, arguments.catalog);
      };
    });
  };
  sub(*catalog, "list", "All versions; * is in force now", common)->callback([&run, &common] {
    run = [&common](HttpClient& client) { return list_catalog(client, common); };
  });
  CLI::App* show = sub(*catalog, "show", "The documents of a version", common);
  show->add_option("VERSION", given.version)->capture_default_str();
  runs(show, show_catalog);
  CLI::App* diff = sub(*catalog, "diff", "What changed, line by line", common);
  diff->add_option("BEFORE", given.before, "A version or a folder")->required();
  diff->add_option("AFTER", given.after, "A version or a folder")->required();
  runs(diff, diff_catalog);
  CLI::App* publish = catalog->add_subcommand("publish", "A folder as the next version");
  add_common(*publish, common, false);
  publish->add_option("DIR", given.folder, "All documents, one NAME.toml each")->required();
  publish->add_option(
      "--effective-from", given.effective_from,
      "Event time from which it is in force, such as 2026-02-16T18:00:00Z; default: "
      "as soon as may be; with --history: for ever");
  publish->add_flag("--history", given.history,
                    "It may begin in the past, and binds backfills opened from now on");
  publish->add_option("--note", given.note, "For people; kept in the topic audit, too");
  publish->add_option("--by", given.by, "Who publishes it; default: $USER");
  publish->add_flag("--dry-run", given.dry_run, "Only ask the node whether it would accept it");
  runs(publish, publish_catalog);
}

void describe_tournaments(CLI::App& app, CLI::App& exports, Arguments& arguments, Run& run) {
  TournamentArguments& given = arguments.tournament;
  const auto runs = [&](CLI::App* verb,
                        int (*what)(HttpClient&, const Common&, const TournamentArguments&)) {
    verb->callback([&run, &arguments, what] {
      run = [&arguments, what](HttpClient& client) {
        return what(client, arguments.common, arguments.tournament);
      };
    });
  };
  CLI::App* tournament =
      app.add_subcommand("tournament", "Tournaments, their runs and boards")->require_subcommand(1);
  Common& common = arguments.common;
  CLI::App* list = sub(*tournament, "list", "The runs around now", common);
  list->add_option("--state", given.state, "Only runs in that state")
      ->check(CLI::IsMember({"upcoming", "open", "closing", "final"}));
  runs(list, list_tournaments);
  CLI::App* show = sub(*tournament, "show", "One tournament or run", common);
  show->add_option("TOURNAMENT|RUN", given.name, "Such as weekly or weekly@2026-02-16T18:00Z")
      ->required();
  runs(show, show_tournament);
  CLI::App* standings = sub(*tournament, "standings", "The board of a run", common);
  standings->add_option("RUN|TOURNAMENT", given.name)->required();
  standings->add_option("--run", given.run, "Of a tournament: a start, current, last or next")
      ->capture_default_str();
  auto* top = standings->add_option("--top", given.top, "How many from the top")
                  ->check(CLI::Range(1, 100'000'000))
                  ->capture_default_str();
  auto* around = standings->add_option("--around", given.around, "A player and who is near");
  auto* score = standings->add_option("--around-score", given.around_score,
                                      "Who is near that score, in units, such as 1250");
  auto* players = standings->add_option("--players", given.players, "Only these")->delimiter(',');
  around->excludes(top)->excludes(score)->excludes(players);
  score->excludes(top)->excludes(players);
  players->excludes(top);
  standings
      ->add_option("--rank", given.rank,
                   "How equal results are numbered; else the tournament's way")
      ->check(CLI::IsMember({"ordinal", "standard", "modified", "dense"}));
  runs(standings, show_standings);
  CLI::App* whole = sub(exports, "standings", "A line per run and player", common);
  whole->add_option("RUN", given.runs,
                    "Such as weekly@2026-02-16T18:00Z; default: all with members");
  runs(whole, export_standings);
}

void describe(CLI::App& app, Arguments& arguments, Run& run) {
  app.require_subcommand(1);
  Common& common = arguments.common;
  const auto runs = [&run, &common](CLI::App* verb, int (*what)(HttpClient&, const Common&)) {
    verb->callback([&run, &common, what] {
      run = [&common, what](HttpClient& client) { return what(client, common); };
    });
  };
  runs(sub(app, "status", "What the node is doing", common), show_status);
  runs(sub(app, "verify", "Recompute every ledger, score, rank and board", common), verify);

  CLI::App* player = app.add_subcommand("player", "One player")->require_subcommand(1);
  for (const bool ledger : {false, true}) {
    CLI::App* verb = sub(*player, ledger ? "ledger" : "show",
                         ledger ? "Every entry and why it is there" : "Balances", common);
    verb->add_option("PLAYER", arguments.player)->required();
    verb->callback([&run, &arguments, ledger] {
      run = [&arguments, ledger](HttpClient& client) {
        return (ledger ? show_ledger : show_player)(client, arguments.common, arguments.player);
      };
    });
  }
  CLI::App* actor = app.add_subcommand("actor", "One actor")->require_subcommand(1);
  CLI::App* show = sub(*actor, "show", "Its state", common);
  show->add_option("TYPE/KEY", arguments.actor)->required();
  show->callback([&run, &arguments] {
    run = [&arguments](HttpClient& client) {
      return show_actor(client, arguments.common, arguments.actor);
    };
  });
  CLI::App* letters = app.add_subcommand("dead-letters", "What was refused")->require_subcommand(1);
  runs(sub(*letters, "list", "All, with their reasons", common), list_dead_letters);
  CLI::App* exports = app.add_subcommand("export", "Everything of one kind")->require_subcommand(1);
  runs(sub(*exports, "balances", "A line per player", common), export_balances);
  describe_tournaments(app, *exports, arguments, run);
  CLI::App* topic = app.add_subcommand("topic", "Output topics")->require_subcommand(1);
  CLI::App* read = sub(*topic, "read", "Its records, as CloudEvents, a line each", common);
  read->add_option("NAME", arguments.topic.name, "balances, ledger or dead-letters")->required();
  read->add_flag("--follow", arguments.topic.follow, "Wait for more");
  read->callback([&run, &arguments] {
    run = [&arguments](HttpClient& client) {
      return read_topic(client, arguments.common, arguments.topic);
    };
  });
  describe_catalog(app, arguments, run);
  describe_backfills(app, arguments, run);
  describe_inputs(app, arguments, run);
  describe_ingest(app, arguments, run);
}

// Not by CLI11's envname(): all verbs share these variables, and it reads the environment for every
// verb's options, after the given verb's.
void read_environment(Common& common) {
  const auto read = [](const char* name, std::string& value) {
    if (const char* text = std::getenv(name); text != nullptr && *text != '\0') value = text;
  };
  read("LAUREL_SERVER", common.server);
  read("LAUREL_CA", common.ca_file);
}

int execute(const Arguments& arguments, const Run& run, const ConsoleHooks& hooks) {
  std::unique_ptr<ServedNode> served;
  std::string url = arguments.common.server;
  if (!arguments.common.data_dir.empty()) {
    std::string error;
    served = hooks.serve(arguments.common.data_dir, error);
    if (!served) throw Failure{kFailed, error};
    url = served->url();
  }
  HttpClient client(url, arguments.common.ca_file);
  return run(client);
}

}  // namespace

bool is_console_verb(const std::string& verb) {
  for (const Verb& each : verbs()) {
    if (each.name == verb) return true;
  }
  return false;
}

std::string console_help() {
  std::string out;
  for (const Verb& each : verbs()) {
    out += "  " + each.name + std::string(20 - each.name.size(), ' ') + each.help + "\n";
  }
  return out;
}

int run_console(int argc, char** argv, const ConsoleHooks& hooks) {
  CLI::App app{"Laurel's console: talks to a node over HTTP.", "laurel"};
  Arguments arguments;
  read_environment(arguments.common);
  Run run;
  describe(app, arguments, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kUsage;
  }
  try {
    return execute(arguments, run, hooks);
  } catch (const Failure& failure) {
    std::fprintf(stderr, "laurel: %s\n", failure.message.c_str());
    return failure.code;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "laurel: the node's answer cannot be understood: %s\n", error.what());
    return kFailed;
  }
}

}  // namespace laurel::console
