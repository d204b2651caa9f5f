package io.weir.flink.cassandra;

import io.weir.flink.cassandra.source.AsyncKeyLookupFunction;
import io.weir.flink.cassandra.source.FullLookupFunction;
import io.weir.flink.cassandra.source.KeyLookupFunction;
import io.weir.flink.cassandra.source.LookupSpec;
import io.weir.flink.cassandra.source.TokenRangeInputFormat;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.InputFormatProvider;
import org.apache.flink.table.connector.source.LookupTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.connector.source.lookup.AsyncLookupFunctionProvider;
import org.apache.flink.table.connector.source.lookup.LookupFunctionProvider;
import org.apache.flink.table.connector.source.lookup.LookupOptions.LookupCacheType;
import org.apache.flink.table.connector.source.lookup.PartialCachingAsyncLookupProvider;
import org.apache.flink.table.connector.source.lookup.PartialCachingLookupProvider;
import org.apache.flink.table.connector.source.lookup.cache.DefaultLookupCache;
import org.apache.flink.table.connector.source.lookup.cache.LookupCache;
import org.apache.flink.table.types.DataType;

/** The table as the right side of a lookup join, and as a bounded source. */
final class CassandraTableSource
    implements LookupTableSource, ScanTableSource, SupportsProjectionPushDown {
  private final SourceSettings settings;
  private final LookupSettings lookup;
  private final ReadableConfig options;
  private TableColumns columns;

  /**
   * @param options the table's options, for Flink's own partial cache
   */
  CassandraTableSource(
      TableColumns columns,
      SourceSettings settings,
      LookupSettings lookup,
      ReadableConfig options) {
    this.columns = columns;
    this.settings = settings;
    this.lookup = lookup;
    this.options = options;
  }

  @Override
  public LookupRuntimeProvider getLookupRuntimeProvider(LookupContext context) {
    LookupSpec spec = new LookupSpec(settings, columns, keyPositions(context), lookup);
    if (lookup.cache() == LookupCacheType.FULL) {
      // Flink's FullCachingLookupProvider would fail the job whenever a reload fails.
      return LookupFunctionProvider.of(new FullLookupFunction(spec));
    }
    LookupCache cache =
        lookup.cache() == LookupCacheType.PARTIAL ? DefaultLookupCache.fromConfig(options) : null;
    if (lookup.async()) {
      AsyncKeyLookupFunction function = new AsyncKeyLookupFunction(spec);
      return cache == null
          ? AsyncLookupFunctionProvider.of(function)
          : PartialCachingAsyncLookupProvider.of(function, cache);
    }
    KeyLookupFunction function = new KeyLookupFunction(spec);
    return cache == null
        ? LookupFunctionProvider.of(function)
        : PartialCachingLookupProvider.of(function, cache);
  }

  private List<Integer> keyPositions(LookupContext context) {
    return Arrays.stream(context.getKeys())
        .map(
            path -> {
              if (path.length != 1) {
                throw new ValidationException(
                    "A lookup join with Cassandra must use whole columns, not fields inside of them.");
              }
              return path[0];
            })
        .toList();
  }

  @Override
  public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
    return InputFormatProvider.of(new TokenRangeInputFormat(settings, columns));
  }

  @Override
  public ChangelogMode getChangelogMode() {
    return ChangelogMode.insertOnly();
  }

  @Override
  public boolean supportsNestedProjection() {
    return false;
  }

  @Override
  public void applyProjection(int[][] projectedFields, DataType producedDataType) {
    columns = columns.project(Arrays.stream(projectedFields).map(path -> path[0]).toList());
  }

  @Override
  public DynamicTableSource copy() {
    return new CassandraTableSource(columns, settings, lookup, options);
  }

  @Override
  public String asSummaryString() {
    return "Cassandra[" + settings.session().keyspace() + "." + settings.table() + "]";
  }
}
