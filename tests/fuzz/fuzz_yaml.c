/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_yaml.c - job files: read, checked and planned. */
#include "dstream/job.h"
#include "dstream/registry.h"
#include "fuzz.h"
#include "yaml/yaml_job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const yaml_vars vars = {.on = false};
    static ds_registry *reg;
    if (!reg) {
        reg = ds_registry_new();
        ds_register_ops(reg);
        ds_register_codecs(reg);
        ds_register_socket(reg);
        ds_register_files(reg);
    }
    ds_job *job = ds_job_new(reg);
    ds_diags *d = ds_job_diags(job);
    ds_slice text = fuzz_input(data, size);
    const ds_arg *root = yaml_parse(text, "f", &vars, ds_job_arena(job), d);
    for (uint32_t i = 0; root && root->kind == DS_ARG_MAP && i < root->n; i++)
        ds_job_set_arg(job, &root->names[i], root->items[i]);
    if (root && root->kind == DS_ARG_MAP)
        (void)ds_job_plan(job);
    ds_job_free(job);
    free((void *)(uintptr_t)text.ptr);
    return 0;
}
