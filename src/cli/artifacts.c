/* SPDX-License-Identifier: Apache-2.0 */
#include "artifacts.h"
#include "cli.h"

const cli_column cli_artifact_columns[] = {
        {"NAME", "name", CLI_CELL_NAME, false}, {">SIZE", "size", CLI_CELL_SIZE, false},
        {"TYPE", "type", CLI_CELL_TEXT, false}, {"ENCODING", "encoding", CLI_CELL_TEXT, false},
        {"KEY", "key", CLI_CELL_TEXT, false},   {"SOURCE", "source", CLI_CELL_TEXT, true},
        {NULL, NULL, CLI_CELL_TEXT, false},
};

json_t *cli_artifact_json(const coffer_task *task, const coffer_artifact_info *info)
{
        json_t *artifact = cli_json_object();
        char *path = cli_text("%s/%s", coffer_task_pathspec(task), info->name);
        cli_json_set(artifact, "name", cli_json_text(info->name));
        cli_json_set(artifact, "path", cli_json_text(path));
        cli_json_set(artifact, "key", cli_json_text(info->key));
        cli_json_set(artifact, "size", cli_json_number(info->size_bytes));
        cli_json_set(artifact, "type", cli_json_text(info->type));
        cli_json_set(artifact, "encoding", cli_json_text(info->encoding));
        cli_json_set(artifact, "source", cli_json_text(info->source));
        cli_json_set(artifact, "serializer_info", cli_json_parsed(info->serializer_info_json));
        coffer_free(path);
        return artifact;
}

bool cli_is_public(const coffer_artifact_info *info)
{
        return info->name[0] != '_';
}

json_t *cli_artifacts_json(const coffer_task *task, bool all)
{
        json_t *list = cli_json_array();
        coffer_artifact_info info;
        for (size_t i = 0; i < coffer_task_count(task) && coffer_task_info_at(task, i, &info, NULL) == COFFER_OK; i++) {
                if (all || cli_is_public(&info))
                        cli_json_append(list, cli_artifact_json(task, &info));
        }
        return list;
}
