package news.stack;

import java.io.Reader;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.charfilter.HTMLStripCharFilter;
import org.apache.lucene.analysis.charfilter.MappingCharFilter;
import org.apache.lucene.analysis.charfilter.NormalizeCharMap;
import org.elasticsearch.index.analysis.AbstractCharFilterFactory;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.NormalizingCharFilterFactory;
import org.elasticsearch.index.analysis.PreConfiguredCharFilter;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** Lucene's character filters under the names that Elasticsearch documents. */
final class CharFilters {
    static final Map<String, AnalysisProvider<CharFilterFactory>> CONFIGURED = Map.of(
        "mapping", (index, environment, name, settings) -> new Mapping(name, settings.getAsList("mappings")));

    static final List<PreConfiguredCharFilter> READY =
        List.of(PreConfiguredCharFilter.singleton("html_strip", false, HTMLStripCharFilter::new));

    private CharFilters() {}

    /** {@code "old => new"}; both sides may hold escapes such as {@code \u0041}. */
    private static final class Mapping extends AbstractCharFilterFactory implements NormalizingCharFilterFactory {
        private static final Pattern RULE = Pattern.compile("(.*?)\\s*=>\\s*(.*)", Pattern.DOTALL);
        private static final Pattern ESCAPE = Pattern.compile("\\\\(u[0-9a-fA-F]{4}|.)", Pattern.DOTALL);

        private final NormalizeCharMap map;

        Mapping(String name, List<String> rules) {
            super(name);
            NormalizeCharMap.Builder builder = new NormalizeCharMap.Builder();
            for (String rule : rules) {
                Matcher sides = RULE.matcher(rule);
                if (!sides.matches()) {
                    throw new IllegalArgumentException("Invalid mapping rule: [" + rule + "]");
                }
                builder.add(unescaped(sides.group(1).strip()), unescaped(sides.group(2).strip()));
            }
            map = builder.build();
        }

        @Override
        public Reader create(Reader text) {
            return new MappingCharFilter(map, text);
        }

        private static String unescaped(String side) {
            return ESCAPE.matcher(side).replaceAll(found -> Matcher.quoteReplacement(character(found.group(1))));
        }

        private static String character(String escape) {
            if (escape.length() == 5) {
                return String.valueOf((char) Integer.parseInt(escape.substring(1), 16));
            }
            return switch (escape) {
                case "b" -> "\b";
                case "f" -> "\f";
                case "n" -> "\n";
                case "r" -> "\r";
                case "t" -> "\t";
                case "\\" -> "\\";
                default -> throw new IllegalArgumentException("Invalid escape in mapping: [\\" + escape + "]");
            };
        }
    }
}
