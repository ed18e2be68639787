/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_shim.cc - simdjson's first stage for C.
 *
 * Only the first stage is used, which finds the tokens and checks UTF-8 at
 * several bytes per cycle. The second one would refuse documents that are valid
 * (a number of 30 digits in a field that nobody reads), and it copies.
 */
#include "codec/json_shim.h"

#include <charconv>
#include <memory>
#include <new>

#include <simdjson.h>

using simdjson::error_code;
using simdjson::internal::dom_parser_implementation;

struct json_index {
    std::unique_ptr<dom_parser_implementation> parser;
};

namespace {

constexpr size_t first_capacity = 4096;

error_code make_parser(json_index *x, size_t capacity)
{
    return simdjson::get_active_implementation()
        ->create_dom_parser_implementation(
            capacity, simdjson::DEFAULT_MAX_DEPTH, x->parser);
}

error_code grow(json_index *x, size_t n)
{
    size_t capacity = x->parser->capacity();
    while (capacity < n)
        capacity *= 2;
    return x->parser->set_capacity(capacity);
}

const char *text_of(error_code error)
{
    switch (error) {
    case simdjson::SUCCESS:
        return nullptr;
    case simdjson::EMPTY:
        return "the value is empty";
    case simdjson::UTF8_ERROR:
        return "invalid byte sequence for encoding \"UTF8\"";
    case simdjson::UNESCAPED_CHARS:
        return "a control character in a string must be escaped";
    case simdjson::UNCLOSED_STRING:
        return "a string does not end";
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
        return "the value is too large";
    default:
        return "the value is no JSON";
    }
}

} // namespace

json_index *json_index_new(void)
{
    try {
        auto x = std::make_unique<json_index>();
        if (make_parser(x.get(), first_capacity) != simdjson::SUCCESS)
            return nullptr;
        return x.release();
    } catch (...) {
        return nullptr;
    }
}

void json_index_free(json_index *x)
{
    delete x;
}

const char *json_index_run(json_index *x, const uint8_t *p, size_t n,
                           const uint32_t **at, uint32_t *n_at)
{
    try {
        error_code error = simdjson::SUCCESS;
        if (n > x->parser->capacity())
            error = grow(x, n);
        if (error == simdjson::SUCCESS)
            error = x->parser->stage1(p, n, simdjson::stage1_mode::regular);
        *at = x->parser->structural_indexes.get();
        *n_at = x->parser->n_structural_indexes;
        return text_of(error);
    } catch (...) {
        return "the value is too large";
    }
}

bool json_to_double(const uint8_t *p, size_t n, double *out)
{
    const char *s = reinterpret_cast<const char *>(p);
    auto [end, error] = std::from_chars(s, s + n, *out);
    return error == std::errc() && end == s + n;
}

bool json_utf8_valid(const uint8_t *p, size_t n)
{
    return n == 0 ||
           simdjson::validate_utf8(reinterpret_cast<const char *>(p), n);
}
