#include "apps/program.h"

int main(int argc, char** argv) { return atelier::apps::run(argc, argv); }
