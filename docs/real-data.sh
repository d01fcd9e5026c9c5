#!/usr/bin/env bash
# Trains on each real data set straight from its raw file and writes
# docs/real-data.md. Usage: docs/real-data.sh [SET…]; LEADCAST_DATA names the
# folder of the data sets, LEADCAST the program.
set -uo pipefail
cd "$(dirname "$0")/.."
leadcast=${LEADCAST:-bin/leadcast}
data=${LEADCAST_DATA:?set LEADCAST_DATA to the folder of the data sets}
models=$(mktemp -d)
trap 'rm -rf "$models"' EXIT

declare -A title line
sets=(xeducation bank ibm maven olist hotel insurance telco)

title[xeducation]="X Education: leads of an online school"
line[xeducation]='leadcast train "$LEADCAST_DATA"/xeducation_leads/Leads.csv.gz --outcome Converted --won 1 --id "Prospect ID" --order-by "Lead Number" --exclude "Tags,Lead Quality,Lead Profile,Last Notable Activity,Asymmetrique Activity Index,Asymmetrique Profile Index,Asymmetrique Activity Score,Asymmetrique Profile Score"'

title[bank]="Bank marketing (additional): calls for a term deposit"
line[bank]='leadcast train "$LEADCAST_DATA"/uci_bank_additional/bank-additional-full.csv.gz --outcome y --won yes --order-by rows --exclude duration'

title[ibm]="IBM win/loss: sales opportunities, durations without dates"
line[ibm]='leadcast train "$LEADCAST_DATA"/ibm_sales_win_loss/WA_Fn-UseC_-Sales-Win-Loss.csv.gz --outcome "Opportunity Result" --won Won --lost Loss --id "Opportunity Number" --duration "Total Days Identified Through Closing" --order-by "Opportunity Number" --horizons 7d,30d,60d --main-horizon 30d --exclude "Elapsed Days In Sales Stage,Sales Stage Change Count,Total Days Identified Through Qualified,Ratio Days Identified To Total Days,Ratio Days Validated To Total Days,Ratio Days Qualified To Total Days"'

title[maven]="Maven pipeline: opportunities joined with accounts, products and teams"
line[maven]='leadcast train "$LEADCAST_DATA"/crm_maven/sales_pipeline.csv.gz --join "$LEADCAST_DATA"/crm_maven/accounts.csv.gz:account --join "$LEADCAST_DATA"/crm_maven/products.csv.gz:product --join "$LEADCAST_DATA"/crm_maven/sales_teams.csv.gz:sales_agent --where "deal_stage!=Prospecting" --outcome deal_stage --won Won --lost Lost --id opportunity_id --created engage_date --closed close_date --horizons 30d,60d,90d --main-horizon 90d --exclude close_value'

title[olist]="Olist funnel: leads joined with closed deals, delayed entry, no losses recorded"
line[olist]='leadcast train "$LEADCAST_DATA"/olist_funnel/olist_marketing_qualified_leads_dataset.csv.gz --join "$LEADCAST_DATA"/olist_funnel/olist_closed_deals_dataset.csv.gz:mql_id --won-if won_date:present --id mql_id --created first_contact_date --closed won_date --observed-from 2017-12-01 --horizons 30d,90d --main-horizon 90d --exclude "seller_id,sdr_id,sr_id,business_segment,lead_type,lead_behaviour_profile,has_company,has_gtin,average_stock,business_type,declared_product_catalog_size,declared_monthly_revenue"'

title[hotel]="Hotel bookings: which bookings are cancelled"
line[hotel]='leadcast train "$LEADCAST_DATA"/hotel_bookings/hotel_bookings.csv.gz --outcome is_canceled --won 1 --order-by rows --random-split --kind agent=category,company=category --exclude "reservation_status,reservation_status_date,assigned_room_type,required_car_parking_spaces,booking_changes,days_in_waiting_list,arrival_date_year"'

title[insurance]="Insurance leads: many regions and cities"
line[insurance]='leadcast train "$LEADCAST_DATA"/av_insurance_leads/train_Df64byy.csv.gz --outcome Response --won 1 --id ID --kind Region_Code=category,Reco_Policy_Cat=category,Holding_Policy_Type=category'

title[telco]="Telco churn: customers, months of tenure, no order"
line[telco]='leadcast train "$LEADCAST_DATA"/telco_churn/WA_Fn-UseC_-Telco-Customer-Churn.csv.gz --outcome Churn --won Yes --id customerID'

out=docs/real-data.md
[ $# -gt 0 ] && { sets=("$@"); out=/dev/stdout; }
{
  echo "# Real data sets"
  echo
  echo "One line each, from the raw file, with what it prints. Columns that leak the outcome are excluded by name."
  echo "\`docs/real-data.sh\` writes this page; \`LEADCAST_DATA\` is the folder of the data sets."
  for s in "${sets[@]}"; do
    printf '\n## %s\n\n```\n%s\n```\n```\n' "${title[$s]}" "${line[$s]}"
    command=${line[$s]/#leadcast/"$leadcast"}
    eval "$command -o $models/$s.leadcast" 2>&1 | sed "s|$models/||" || { cat "$models/page" >&2; exit 1; }
    echo '```'
  done
} >"$models/page" && { if [ "$out" = /dev/stdout ]; then cat "$models/page"; else cp "$models/page" "$out"; fi; }
