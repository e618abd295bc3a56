#pragma once
/// The subcommands of `atelier`: each adds itself to the command line, with its flags, its help and what it does.
///
/// A command's callback runs once the whole line is parsed and compute is initialised; it throws what base/error.h
/// names and prints its result, and nothing else, on stdout. Environment twins (ATELIER_ARG_X) are given to every flag
/// by program.cpp.
#include <CLI/CLI.hpp>

namespace atelier::apps {

void add_imagine_command(CLI::App& app);
void add_complete_command(CLI::App& app);
void add_inspect_command(CLI::App& app);
void add_doctor_command(CLI::App& app);
void add_completion_command(CLI::App& app);

void add_train_vae(CLI::App& train);
void add_train_tokenizer(CLI::App& train);
void add_train_text(CLI::App& train);
void add_train_fusion(CLI::App& train);
void add_train_clip(CLI::App& train);

#ifndef ATELIER_CORE_ONLY
void add_corpus_command(CLI::App& app);
void add_pack_command(CLI::App& corpus);
void add_memory_command(CLI::App& app);
void add_classify_command(CLI::App& app);
void add_caption_command(CLI::App& app);
void add_ask_command(CLI::App& app);
void add_sketch_command(CLI::App& app);
void add_serve_command(CLI::App& app);
void add_eval_command(CLI::App& app);
void add_pack_clip_command(CLI::App& corpus);
void add_pack_questions_command(CLI::App& corpus);
void add_train_names(CLI::App& train);
void add_corpus_memory_command(CLI::App& corpus);
#endif

}  // namespace atelier::apps
