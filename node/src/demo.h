/// `laurel demo`: a node of its own, a generator that plays into it, and a live table.
#pragma once

namespace laurel::node {
int run_demo(int argc, char** argv);
}
