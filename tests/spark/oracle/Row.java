// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.util.LinkedHashMap;
import java.util.Map;

/** A row: its columns by name, in order. Values are what JSON has. */
final class Row extends LinkedHashMap<String, Object> {
    private static final long serialVersionUID = 1;

    /** A row of names and values in turn. */
    static Row of(Object... words) {
        Row row = new Row();
        for (int i = 0; i < words.length; i += 2) {
            row.put((String) words[i], words[i + 1]);
        }
        return row;
    }

    String text(String column) {
        return (String) get(column);
    }

    Long number(String column) {
        return (Long) get(column);
    }

    /** JSON, which YAML takes too. */
    String json() {
        StringBuilder out = new StringBuilder("{");
        for (Map.Entry<String, Object> entry : entrySet()) {
            out.append(out.length() > 1 ? ", " : "")
                .append(quote(entry.getKey())).append(": ")
                .append(json(entry.getValue()));
        }
        return out.append('}').toString();
    }

    static String json(Object value) {
        if (value instanceof Row row) {
            return row.json();
        }
        if (value instanceof Iterable<?> list) {
            StringBuilder out = new StringBuilder("[");
            for (Object item : list) {
                out.append(out.length() > 1 ? ", " : "").append(json(item));
            }
            return out.append(']').toString();
        }
        return value instanceof String text ? quote(text)
            : String.valueOf(value);
    }

    private static String quote(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"")
            .replace("\n", "\\n") + '"';
    }
}
