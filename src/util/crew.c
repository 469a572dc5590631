/* SPDX-License-Identifier: Apache-2.0 */
#include "util/crew.h"

static void take_part(coffer_crew *crew)
{
        size_t index;
        while ((index = atomic_fetch_add(&crew->next, 1)) < crew->count)
                if (crew->work(crew->user, index))
                        atomic_store(&crew->is_done[index], true);
}

static void help(coffer_job *job)
{
        take_part(((coffer_crew_helper *)job)->crew);
}

void coffer_crew_start(coffer_crew *crew)
{
        size_t others = crew->count > 0 ? crew->count - 1 : 0, helpers = others > 0 ? coffer_pool_width() - 1 : 0;

        atomic_store(&crew->next, 0);
        for (size_t i = 0; i < crew->count; i++)
                atomic_store(&crew->is_done[i], false);
        crew->helper_count = helpers < others ? helpers : others;
        for (size_t i = 0; i < crew->helper_count; i++) {
                crew->helpers[i].crew = crew;
                coffer_pool_submit(&crew->helpers[i].job, help);
        }
}

static void dismiss(coffer_crew *crew)
{
        for (size_t i = 0; i < crew->helper_count; i++)
                coffer_pool_withdraw(&crew->helpers[i].job);
        crew->helper_count = 0;
}

void coffer_crew_finish(coffer_crew *crew)
{
        take_part(crew);
        dismiss(crew);
}

void coffer_crew_stop(coffer_crew *crew)
{
        atomic_store(&crew->next, crew->count);
        dismiss(crew);
}

bool coffer_crew_has_done(const coffer_crew *crew, size_t index)
{
        return atomic_load(&crew->is_done[index]);
}
